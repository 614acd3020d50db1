"""The Content-Disposition header of a download."""

from urllib.parse import quote


def content_disposition(download_name: str) -> str:
    """`attachment` under this name, in ASCII for old clients and in UTF-8 (RFC 6266).

    Quotes, backslashes, slashes and control characters become `_`: none can leave the header.
    """
    name = "".join(
        "_" if char in '"\\/' or not char.isprintable() else char for char in download_name
    )
    ascii_name = name.encode("ascii", errors="replace").decode("ascii").replace("?", "_")
    if ascii_name == name:
        return f'attachment; filename="{name}"'
    encoded = quote(name, safe="", errors="replace")
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{encoded}"
