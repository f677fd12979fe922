"""Folders of an embedded installation."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sigweb.embedded.places import SOCKET_PATH_LIMIT, PlaceRefused, Places


def test_sockets_lie_below_the_root_where_the_path_is_short() -> None:
    assert Places(Path("/srv/sigweb/var")).sockets == Path("/srv/sigweb/var/run")


def test_sockets_of_a_deep_folder_move_to_a_short_path_of_their_own() -> None:
    deep, other = Places(Path("/" + "deep/" * 30)), Places(Path("/" + "deep/" * 31))
    assert len(str(deep.postgres_sockets / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    assert len(str(deep.redis_socket)) <= SOCKET_PATH_LIMIT
    assert deep.sockets != other.sockets


def test_making_the_folders_twice_keeps_others_out(tmp_path: Path) -> None:
    places = Places(tmp_path / "a" / "var")
    places.make()
    places.make()
    for folder in (places.secrets, places.logs, places.redis, places.postgres_sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(places.root.stat().st_mode) & 0o066 == 0


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    places = Places(tmp_path / "var")
    places.root.mkdir()
    (tmp_path / "elsewhere").mkdir()
    places.sockets.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PlaceRefused, match="belongs to somebody else"):
        places.make()


def test_a_secret_is_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    places = Places(tmp_path / "var")
    places.make()
    assert places.secret("key", "first") == "first"
    assert places.secret("key", "second") == "first"
    assert stat.S_IMODE((places.secrets / "key").stat().st_mode) == 0o600
