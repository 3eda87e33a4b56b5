"""Draw a poster as PDF: one page, the fonts that every reader has, nothing embedded. Pure.

Source: ISO 32000-1, sections 7.5 (file structure), 8.5 (paths), 9.6.2.2 (standard fonts), Annex D.2
(WinAnsiEncoding, which is code page 1252).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.messages.poster import HEIGHT, WIDTH, Box, Piece


def draw_pdf(pieces: Sequence[Piece], *, title: str, language: str) -> bytes:
    """Return the poster as a file. Letters that code page 1252 lacks become question marks."""
    content = "\n".join(_operators(pieces)).encode("cp1252", "replace")
    fonts = "<< /F1 5 0 R /F2 6 0 R >>"
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) "
        "/ViewerPreferences << /DisplayDocTitle true >> >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH:g} {HEIGHT:g}] /Contents 4 0 R "
        f"/Resources << /Font {fonts} >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        _font("Helvetica"),
        _font("Helvetica-Bold"),
        f"<< /Title {_string(title)} >>".encode("cp1252", "replace"),
    ]
    return _file(bodies)


def _operators(pieces: Sequence[Piece]) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, Box):
            y = HEIGHT - piece.y - piece.height
            box = f"{piece.x:.2f} {y:.2f} {piece.width:.2f} {piece.height:.2f} re f"
            yield f"{_colour(piece.colour)} {box}"
        else:
            font = "/F2" if piece.is_bold else "/F1"
            yield (
                f"{_colour(piece.colour)} BT {font} {piece.size:g} Tf {piece.x:.2f} "
                f"{HEIGHT - piece.y:.2f} Td {_string(piece.text)} Tj ET"
            )


def _colour(hex_rgb: str) -> str:
    parts = (int(hex_rgb[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return " ".join(f"{part:.3f}" for part in parts) + " rg"


def _string(text: str) -> str:
    for mark in ("\\", "(", ")"):
        text = text.replace(mark, f"\\{mark}")
    return f"({text})"


def _font(name: str) -> bytes:
    kind = f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
    return kind.encode()


def _file(bodies: Sequence[bytes]) -> bytes:
    """Return the objects as a file, with the table of where each begins."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    out += trailer % (len(bodies) + 1, len(bodies), table)
    return bytes(out)
