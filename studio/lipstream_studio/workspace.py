"""Where the studio reads its source data and keeps its (large, uncommitted) work, one folder a character."""

import os
from pathlib import Path

WORK = Path(os.environ.get("LIPSTREAM_STUDIO_WORK", Path(__file__).resolve().parents[1] / "work"))
"""Folder of intermediate files: source data, renders, speech, checkpoints."""

MAKEHUMAN = WORK / "data" / "makehuman-cc0"
"""Unpacked CC0 subset of MakeHuman's assets (studio/README.md says where to get it)."""

STUDIO = Path(__file__).resolve().parents[1]
"""The studio's source folder, home of the committed descriptions."""

REPOSITORY = STUDIO.parent
"""The repository's root, where finished avatars are written."""
