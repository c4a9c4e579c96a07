# SPDX-License-Identifier: GPL-2.0-or-later
"""C as text, for the checks that look at it."""

import re

# A comment, or a literal.
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.DOTALL)


def without_comments(text):
    """The text with its lines as they were."""
    return TOKEN.sub(lambda match: match[0] if match[0][0] in "\"'" else "\n" * match[0].count("\n"), text)


def without_literals(text):
    """Nor what strings and characters hold."""
    return TOKEN.sub(lambda match: 2 * match[0][0] if match[0][0] in "\"'" else "\n" * match[0].count("\n"), text)
