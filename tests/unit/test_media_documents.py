"""A stranger's documents: what they say, and what they may not do."""

import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from studio.contracts.assets import AssetKind
from studio.media.errors import UndecodableMedia
from studio.media.inspect import Inspection, extract_document_text, inspect_file

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MARKDOWN = "text/markdown; charset=utf-8"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def write_pdf(path: Path, *pages: str, password: str | None = None) -> Path:
    writer = PdfWriter()
    for text in pages:
        add_page(writer, f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(path)
    return path


def add_page(writer: PdfWriter, data: bytes) -> DecodedStreamObject:
    """Add a page with a font and this content; the content's stream."""
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    names = DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})
    fonts = DictionaryObject({NameObject("/F1"): names})
    page = writer.add_blank_page(300, 300)
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    content = DecodedStreamObject()
    content.set_data(data)
    page[NameObject("/Contents")] = content
    return content


def write_docx(
    path: Path, body: str, *, prologue: str = "", extra: dict[str, bytes] | None = None
) -> Path:
    document = f'{prologue}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", document)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


async def inspect(path: Path, media_type: str) -> Inspection:
    return await inspect_file(path, AssetKind.DOCUMENT, media_type)


async def test_the_text_of_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", "A lighthouse at dawn", "The keeper climbs")

    assert await inspect(pdf, PDF) == Inspection()
    assert await extract_document_text(pdf, PDF, 1000) == "A lighthouse at dawn\nThe keeper climbs"
    assert await extract_document_text(pdf, PDF, 12) == "A lighthouse"


async def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UndecodableMedia, match="encrypted"):
        await inspect(write_pdf(tmp_path / "a.pdf", "secret", password="key"), PDF)


async def test_a_pdf_with_too_many_pages_is_refused(tmp_path: Path) -> None:
    writer = PdfWriter()
    for _ in range(501):
        writer.add_blank_page(10, 10)
    writer.write(tmp_path / "a.pdf")

    with pytest.raises(UndecodableMedia, match="pages"):
        await inspect(tmp_path / "a.pdf", PDF)


async def test_a_pdf_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", "A lighthouse")
    pdf.write_bytes(pdf.read_bytes()[:60])

    with pytest.raises(UndecodableMedia):
        await inspect(pdf, PDF)


async def test_a_pdf_whose_page_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    writer = PdfWriter()
    content = add_page(writer, zlib.compress(b"BT (x) Tj ET\n" * 8_000_000, 9))
    content[NameObject("/Filter")] = NameObject("/FlateDecode")
    writer.write(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").stat().st_size < 500_000

    with pytest.raises(UndecodableMedia):
        await inspect(tmp_path / "a.pdf", PDF)


async def test_a_pdf_that_is_an_archive_too_is_refused(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", "A lighthouse")
    with zipfile.ZipFile(pdf, "a") as archive:
        archive.writestr("a.txt", "more")
    assert len(PdfReader(BytesIO(pdf.read_bytes())).pages) == 1

    with pytest.raises(UndecodableMedia, match="archive"):
        await inspect(pdf, PDF)


async def test_the_text_of_a_word_document_is_read_by_paragraphs(tmp_path: Path) -> None:
    body = paragraph("A lighthouse") + paragraph("at dawn &amp; alone")
    document = write_docx(tmp_path / "a.docx", body)

    assert await inspect(document, DOCX) == Inspection()
    assert await extract_document_text(document, DOCX, 1000) == "A lighthouse\nat dawn & alone\n"


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"word/vbaProject.bin": b"code"}, id="macros"),
        pytest.param({"../../escape": b"x"}, id="a path out"),
        pytest.param({f"word/{index}": b"" for index in range(2001)}, id="too many parts"),
        pytest.param({"word/media/zeros": bytes(80 * 1024 * 1024)}, id="a bomb"),
    ],
)
async def test_a_word_document_with_impossible_parts_is_refused(
    tmp_path: Path, extra: dict[str, bytes]
) -> None:
    with pytest.raises(UndecodableMedia):
        await inspect(write_docx(tmp_path / "a.docx", paragraph("x"), extra=extra), DOCX)


async def test_xml_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    entities = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    document = write_docx(tmp_path / "a.docx", paragraph("&b;"), prologue=entities)

    with pytest.raises(UndecodableMedia, match="entities"):
        await inspect(document, DOCX)


async def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    document = write_docx(tmp_path / "a.docx", "<w:p>" * 5000 + "</w:p>" * 5000)

    with pytest.raises(UndecodableMedia, match="nested"):
        await inspect(document, DOCX)


async def test_a_small_archive_of_millions_of_parts_is_refused(tmp_path: Path) -> None:
    document = write_docx(tmp_path / "a.docx", "<w:p/>" * 1_000_001)
    assert document.stat().st_size < 20_000

    with pytest.raises(UndecodableMedia, match="too many parts"):
        await inspect(document, DOCX)


async def test_an_archive_that_is_no_word_document_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(UndecodableMedia, match="not a Word document"):
        await inspect(tmp_path / "a.docx", DOCX)


async def test_plain_text_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    text = tmp_path / "a.md"
    text.write_bytes("\ufeff# Лучи 🌅\r\nbright".encode())

    assert await inspect(text, MARKDOWN) == Inspection()
    assert await extract_document_text(text, MARKDOWN, 6) == "# Лучи"


async def test_all_of_a_long_text_is_looked_at(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_bytes(b" " * 3_000_000 + b"word\x0b")

    with pytest.raises(UndecodableMedia, match="control characters"):
        await inspect(text, "text/plain")
    text.write_bytes(text.read_bytes()[:-1])
    assert await inspect(text, "text/plain") == Inspection()


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"caf\xe9", b"a\0b", b"a\x1b[31mb", b"  \n", b"%PDF-1.7 text"]
)
async def test_text_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(content)

    with pytest.raises(UndecodableMedia):
        await inspect(tmp_path / "a.txt", "text/plain")
