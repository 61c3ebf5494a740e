"""What elastic training refuses, before anything runs. The rest needs an etcd: tests/slow."""

from __future__ import annotations

import http.server
import os
import re
import sys

import pytest

from mnist_helpers.__main__ import main
from mnist_helpers.distributed import launch_elastic
from mnist_helpers.distributed.elastic import check_etcd
from mnist_helpers.errors import LaunchError
from mnist_helpers.system.ports import free_port
from tests.conftest import served

pytestmark = pytest.mark.needs("several processes")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"hosts": 0}, "1 hosts at least, of 0: expected from 1 to 0"),
        ({"hosts": 2, "fewest": 3}, "3 hosts at least, of 2: expected from 1 to 2"),
        ({"wait": 5}, "expected 0 or more, and 6 or more, since a launcher says only every 5"),
        ({"restarts": -1}, "-1 restarts and 10 seconds to wait"),
        ({"job": "a/b"}, "the name 'a/b': expected letters, digits, _ and -"),
        ({"etcd": "here:2379"}, "etcd 'here:2379': expected an IPv4 address and a port"),
        ({"etcd": "127.0.0.1"}, "etcd '127.0.0.1': expected an IPv4 address and a port"),
        ({"address": "192.0.2.7"}, "192.0.2.7 is not an address of this machine"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(tmp_path, options, reason):
    given = {"etcd": "127.0.0.1:2379", **options}
    with pytest.raises(LaunchError, match=re.escape(reason)):
        launch_elastic(__file__, log_dir=tmp_path / "log", **given)
    assert os.listdir(tmp_path) == []


def test_without_etcd3_it_says_how_to_have_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "etcd3", None)  # as if it were not installed
    reason = "elastic training: the package etcd3 is not installed; to have it: .* install etcd3"
    with pytest.raises(LaunchError, match=reason):
        launch_elastic(__file__, etcd="127.0.0.1:2379", log_dir=tmp_path / "log")


def test_without_an_etcd_it_says_how_to_start_one():
    place = f"127.0.0.1:{free_port()}"
    with pytest.raises(LaunchError, match=f"no etcd answers at {place} .*refused.*--listen-client"):
        check_etcd(place)


class Else(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


def test_what_is_no_etcd_is_not_taken_for_one():
    with served(Else) as address, pytest.raises(LaunchError, match="is not an etcd"):
        check_etcd(address.removeprefix("http://"))


def test_the_command_refuses_what_belongs_to_another_way(capsys):
    assert main(["launch", "--elastic", "127.0.0.1:1", "--rank", "1", __file__]) == 1
    assert "--rank and --master do not go with --elastic" in capsys.readouterr().err
