"""A document of the protocol: bytes in, elements without their namespace out."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from exchange.errors import Unavailable


def read_document(body: bytes, what: str, *roots: str) -> Element:
    """The root element, which must be one of `roots` (any, where none is given).

    Namespaces are dropped, because the environments have not always used the same one. Document
    types and entities are forbidden. Raises Unavailable, without a word of the body.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):  # defusedxml's own are ValueErrors
        raise Unavailable(f"NCMEC: {what}: the answer is not readable as XML", status=200) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if roots and root.tag not in roots:
        raise Unavailable(f"NCMEC: {what}: the answer is not a <{roots[0]}>", status=200)
    return root


def text_of(element: Element | None, limit: int = 255) -> str | None:
    """The text without the white space around it, None where there is none or it is too long."""
    text = "" if element is None else (element.text or "").strip()
    return text if 0 < len(text) <= limit else None
