"""Where the rows of an input come from, and how they are read."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from qlib_mfgru.ingest.mapping.queries import Sql
from qlib_mfgru.ingest.mapping.urls import Url
from qlib_mfgru.ingest.read.columns import VENDOR_NAMES
from qlib_mfgru.refusals import RECORD, nearest
from qlib_mfgru.settings import Flag, Folder, Fraction, Ge, Len, Names, Settings, Text, Whole


def _known_fields(columns: dict[str, Any]) -> dict[str, Any]:
    for field in columns:
        if field not in VENDOR_NAMES:
            raise ValueError(f"{field!r} is no field{nearest(field, list(VENDOR_NAMES))}")
    return columns


def _known_encoding(name: str) -> str:
    try:
        text = codecs.lookup(name)._is_text_encoding and codecs.decode(b"1", name) == "1"
    except (LookupError, UnicodeError):
        text = False
    if not text:
        raise ValueError("must be an encoding such as utf-8-sig or gb18030")
    return name


def _as_list(files: Any) -> Any:
    if not isinstance(files, str | list | tuple):
        raise ValueError("must be a path or a list of paths")
    if "://" in str(files):
        raise PydanticCustomError(RECORD, "files are paths, not an address: a database is read by sql and url")
    return (files,) if isinstance(files, str) else files


def _as_texts(values: Any) -> Any:
    """One value or several; YAML reads codes and dates as numbers."""
    return tuple(str(value) for value in (values if isinstance(values, (list, tuple)) else (values,)))


Paths = Annotated[Names, Len(1), BeforeValidator(_as_list)]
"""A path, or a list of paths, relative to the source folder; ``*`` stands for any text."""
Columns = Annotated[dict[Text, Text], AfterValidator(_known_fields)]
"""Our field -> the vendor's column."""
WideTables = Annotated[dict[Text, Paths], Len(1), AfterValidator(_known_fields)]
"""Our field -> files with dates down and codes across."""
Where = dict[Text, Annotated[Names, Len(1), BeforeValidator(_as_texts)]]
"""The vendor's column -> the values whose rows are read."""
Encoding = Annotated[Text, AfterValidator(_known_encoding)]

ORIGINS = ("files", "wide", "sql", "provider")
"""Keys of which an input has one: where its rows come from."""
BY_MARKET = ("members", "weights")
"""Keys of a mapping that hold an input for each market."""
_OF_TABLES = ("columns", "where", "sep", "names", "skip_rows")


class RowInput(Settings):
    """Rows of one kind; a path or a list of paths alone will do.

    They come from `files`, from `wide` tables, from a database (`sql` and `url`), or from a qlib `provider`, whose path
    is relative to the source folder too. `day_first` says how dates with the year last are written, 16/07/2025 or
    07/16/2025. `skip_rows` are lines before the header, by default found. `where` reads only
    the rows with these values. Of rows of the same stock and time, the first or the last one is kept, in the order of
    reading. `max_dropped` is by default the mapping's. An input that is `optional` is left out where its files are not
    there, as those of the ready mappings are.
    """

    files: Paths | None = None
    wide: WideTables | None = None
    sql: Sql | None = None
    url: Url | None = Field(default=None, repr=False)
    provider: Folder | None = None
    columns: Columns = Field(default_factory=dict)
    where: Where = Field(default_factory=dict)
    sep: Text | None = None
    names: Names | None = None
    skip_rows: Annotated[Whole, Ge(0)] | None = None
    day_first: Flag | None = None
    encoding: Encoding = "utf-8-sig"
    keep: Literal["first", "last"] = "first"
    max_dropped: Fraction | None = None
    optional: Flag = False

    @property
    def patterns(self) -> tuple[str, ...]:
        """Paths of its files, wide tables among them; none of a database or a provider."""
        wide = (pattern for patterns in (self.wide or {}).values() for pattern in patterns)
        return (*(self.files or ()), *wide)

    @model_validator(mode="before")
    @classmethod
    def _paths_alone(cls, section: Any) -> Any:
        if isinstance(section, str | list):
            return {"files": section}
        if not isinstance(section, Mapping | RowInput):
            raise ValueError(f"must be a path, a list of paths, or a mapping with {', '.join(cls.model_fields)}")
        return section

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in ORIGINS if getattr(self, name) is not None]
        if len(given) != 1:
            which = f"not {' and '.join(given)}" if given else "one of them"
            message = f"rows come from {', '.join(ORIGINS[:-1])} or {ORIGINS[-1]}: give {which}"
            raise PydanticCustomError(RECORD, message)
        if (self.sql is None) != (self.url is None):
            raise PydanticCustomError(RECORD, "a database needs both sql and url")
        unused = [name for name in _OF_TABLES if self.provider and getattr(self, name)]
        if unused:
            raise PydanticCustomError(RECORD, f"a provider has no table to read: leave {' and '.join(unused)} out")
        return self
