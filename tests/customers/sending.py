"""What a browser would send of a form that it was given."""

from __future__ import annotations

from html.parser import HTMLParser


class _Form(HTMLParser):
    """The entries of the form that has an entry of a certain name."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        name = have.get("name", "")
        if tag == "form":
            self.forms.append({})
        elif tag == "textarea":
            self._area = name
            self.forms[-1][name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in have:
            self.forms[-1][self._select] = have["value"]
        elif tag == "input" and have.get("type") == "checkbox":
            if "checked" in have:
                self.forms[-1][name] = have.get("value", "on")
        elif tag == "input" and have.get("type") != "submit":
            self.forms[-1][name] = have.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.forms[-1][self._area] = self.forms[-1][self._area].removeprefix("\r").removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][self._area] += data


def entries(page: str, *, of: str) -> dict[str, str]:
    """Names and values of the form that has an entry called `of`, as it stands."""
    parser = _Form()
    parser.feed(page)
    return next(form for form in parser.forms if of in form)
