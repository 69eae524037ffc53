# SPDX-License-Identifier: Apache-2.0
"""The clinic: models, services, access policy and pages, on Django.

Nothing is imported here: naming the package must not start a web framework.
"""
