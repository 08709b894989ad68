"""The formal letter of a shortage (*surat dinas*), in Bahasa Indonesia: the same text as a page and as a PDF."""

from services.notify.letters.render import html, pdf

__all__ = ["html", "pdf"]
