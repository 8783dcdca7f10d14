"""Rules on whether the files of a provider are those that were written, byte for byte."""

from __future__ import annotations

from collections.abc import Collection

from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.manifest import CHECKSUMS, MANIFEST, read_manifest
from qlib_mfgru.provider.storage.files import ProviderFiles
from qlib_mfgru.provider.storage.series import JOURNAL, sums_of
from qlib_mfgru.provider.symbols import feature_folder

_AGAIN = "changed, cut or lost since the provider was made: make it again"


def judge_whole(files: ProviderFiles, codes: Collection[str] | None, ledger: Ledger, *, quiet: bool) -> None:
    """Every file has the checksum of what was written; of instruments those of `codes`, by default all.

    A provider that another program made has no checksums, and none of this is said of it; of ours, only those of
    earlier versions have none.
    """
    if (files.path / JOURNAL).is_file():
        way_out = "mfgru update, with or without new files, finishes it; until then the days are those before it"
        ledger.note("error", "updates that were interrupted", [str(files.path)], way_out)
        return
    kind = "files that are not what was written"
    try:
        sums = sums_of(files.path)
    except InputError as error:
        ledger.note("error", kind, [str(error)])
        return
    if not sums.files and CHECKSUMS in read_manifest(files.path):
        ledger.note("error", kind, [f"{files.path / SUMS} is missing"], _AGAIN)
        return
    if not sums.files:
        missing = [str(files.path)] if (files.path / MANIFEST).exists() else []
        ledger.note("note", "providers without checksums", missing, "made before there were any: make it again")
        return
    names = list(sums.files)
    if codes is not None:
        folders = {feature_folder(code) for code in codes}
        names = [name for name in names if not name.startswith("features/") or name.split("/")[1] in folders]
    read = tqdm(names, desc="checksums", unit="file", disable=quiet or None)
    faults = [fault for name in read for fault in sums.damaged(files.path, [name])]
    ledger.note("error", kind, faults, _AGAIN, judged=len(names))
    ledger.note("note", "files that were added since the provider was made", sums.others(files.path))
