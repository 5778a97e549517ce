"""The repository's address is known only where the book is published; it is set here, once.

``BOOK_REPOSITORY_URL`` (and ``BOOK_REPOSITORY_BRANCH``, ``main`` when left out) give the buttons
that lead to the source, to Colab and to Binder, and a form for reporting an error. Without an
address there are no such buttons, and "report an error" leads to where the book says how.
"""

import os
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

REPORT_PAGE, REPORT_SECTION = "book/how_to", "#report-an-error"


def theme_options(url: str, branch: str) -> dict[str, Any]:
    """Options of the theme that need the address.

    Args:
        url: address of the repository, or nothing.
        branch: branch that the buttons open.

    Raises:
        ConfigError: if the address is neither empty nor ``https://host/owner/name``.
    """
    if not url:
        return {"repository_url": "", "launch_buttons": {}}
    if not url.startswith("https://") or url.rstrip("/").count("/") < 4:
        raise ConfigError(
            f"BOOK_REPOSITORY_URL: expected https://host/owner/name or nothing, got {url!r}"
        )
    on_github = url.startswith("https://github.com/")
    return {
        "repository_url": url.rstrip("/"),
        "repository_branch": branch,
        "repository_provider": "gitlab" if "gitlab" in url else "github",
        "use_repository_button": True,
        # The branch that the buttons open is written anew with every publication.
        "use_edit_page_button": False,
        "use_issues_button": True,
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com" if on_github else "",
        },
    }


def set_address(app: Sphinx, config: Config) -> None:
    """Read the environment and pass it on to the theme."""
    url = os.environ.get("BOOK_REPOSITORY_URL", "").strip()
    branch = os.environ.get("BOOK_REPOSITORY_BRANCH", "").strip() or "main"
    config.html_theme_options.update(theme_options(url, branch))
    config.book_repository = url.rstrip("/")


def report_address(repository: str, pagename: str) -> str:
    """Address of a form for an error on a page; empty without a repository.

    Example:
        >>> report_address("https://github.com/owner/name", "book/index")
        'https://github.com/owner/name/issues/new?title=Error%20on%20page%20book/index'
    """
    if not repository:
        return ""
    if "gitlab" in repository:
        return f"{repository}/-/issues/new?issue[title]={quote(f'Error on page {pagename}')}"
    return f"{repository}/issues/new?title={quote(f'Error on page {pagename}')}"


def add_report_link(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Tell the page's footer where its errors are to be reported."""
    address = report_address(app.config.book_repository, pagename)
    if not address and REPORT_PAGE in app.env.found_docs:
        # pathto gives "#" for the page itself.
        page = "" if pagename == REPORT_PAGE else context["pathto"](REPORT_PAGE)
        address = page + REPORT_SECTION
    context["report_address"] = address


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect before the theme reads its options."""
    app.add_config_value("book_repository", "", "html", [str])
    app.connect("config-inited", set_address, priority=100)
    app.connect("html-page-context", add_report_link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
