# SPDX-License-Identifier: Apache-2.0
"""A risk answer is never lost: raised with the answer, told until a person acknowledges."""
