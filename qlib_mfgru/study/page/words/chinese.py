"""Sentences of the records in Chinese."""

from __future__ import annotations


def in_chinese(sentence: str) -> str:
    return sentence
