"""Text of format=flowed (RFC 3676)."""

import re


def unflowed(text: str, *, delsp: bool = False) -> str:
    """A text of format=flowed (RFC 3676) with its soft line breaks taken out; with delsp their space goes too.

    >>> unflowed("The trigger \\nmenu.\\n>> Is it \\n>> v7.2?\\n-- \\nIngrid")
    'The trigger menu.\\n>> Is it v7.2?\\n-- \\nIngrid'
    """
    done: list[str] = []
    depth_before, soft = 0, False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        # A space was stuffed in front of spaces, ">" and "From "; without it a ">" would start a quote.
        content = re.sub(r"^ (>?)", lambda stuffed: "\\>" if stuffed[1] else "", content)
        signs = content == "-- "
        if soft and depth == depth_before and not signs:
            done[-1] += content
        else:
            done.append(f"{'>' * depth} {content}" if depth else content)
        soft = content.endswith(" ") and not signs
        if soft and delsp:
            done[-1] = done[-1][:-1]
        depth_before = depth
    return "\n".join(done)
