# SPDX-License-Identifier: Apache-2.0
"""``{% blank_form groups … %}``: questions without answers are written once, and read again.

Nearly all of a form's page is the same for everybody. What stands between the tags is kept by all
that is named in the tag, and by nothing that a person did: questions that are shown with an answer,
a mistake or a wish are written anew each time and never kept.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from attunement.clinic.pages.questions import Question

register = template.Library()
MOST = 128


class _Page:
    """What a text is kept by; equal pages are written once. It carries how to write one."""

    def __init__(self, key: Hashable, nodes: NodeList, context: Context) -> None:
        self.key, self.nodes, self.context = key, nodes, context

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Page) and self.key == other.key


class BlankFormNode(template.Node):
    """What stands between the tags."""

    def __init__(self, nodes: NodeList, named: list[FilterExpression]) -> None:
        self.nodelist, self.named = nodes, named
        self.kept = lru_cache(maxsize=MOST)(self._write)

    @staticmethod
    def _write(page: _Page) -> SafeString:
        written: SafeString = page.nodes.render(page.context)
        page.nodes, page.context = NodeList(), Context()  # the key is kept, the request is not
        return written

    def render(self, context: Context) -> SafeString:
        """Return the text, from before where the same blank questions were written already."""
        named = tuple(one.resolve(context) for one in self.named)
        if not is_blank(named[0]):
            return mark_safe(self.nodelist.render(context))  # noqa: S308 -- as the template wrote it
        try:
            return self.kept(_Page((get_language(), named), self.nodelist, context))
        except TypeError:  # something named cannot be kept by
            return mark_safe(self.nodelist.render(context))  # noqa: S308 -- as the template wrote it


def is_blank(groups: object) -> bool:
    """Whether groups of questions hold nothing that a person chose, wrote or mistook."""
    return isinstance(groups, tuple) and not any(
        one.error or one.value or one.skipped or one.wish or any(c.checked for c in one.choices)
        for group in groups
        for one in group
        if isinstance(one, Question)
    )


@register.tag
def blank_form(parser: Parser, token: Token) -> BlankFormNode:
    """Read ``{% blank_form groups … %}`` up to ``{% end_blank_form %}``."""
    named = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    nodes = parser.parse(("end_blank_form",))
    parser.delete_first_token()
    return BlankFormNode(nodes, named)
