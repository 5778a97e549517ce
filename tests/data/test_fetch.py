"""Downloads from a server on this machine: whole and checked, or not there at all."""

import functools
import gzip
import hashlib
import http.server
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from aelib import data
from aelib.data import _mnist
from aelib.data._fetch import Remote, data_folder, local_file
from aelib.data._idx import parse_idx, read_idx


def idx(array, code=0x08):
    array = np.asarray(array)
    sizes = b"".join(side.to_bytes(4, "big") for side in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.tobytes()


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.requested.append(self.path)
        if self.path.startswith("/broken-off"):
            # Promise more than comes: a connection that is lost on the way.
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            return
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    served = tmp_path / "served"
    served.mkdir()
    handler = functools.partial(Handler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.requested = []
        running.folder = served
        running.url = f"http://127.0.0.1:{running.server_port}/"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def remote(server, name="a.gz", content=b"content"):
    (server.folder / name).write_bytes(content)
    return Remote(server.url + name, hashlib.sha256(content).hexdigest(), len(content))


def test_nothing_is_fetched_unasked(server, tmp_path):
    kept = tmp_path / "kept"
    with pytest.raises(FileNotFoundError, match="pass download=True to fetch it from http"):
        local_file(remote(server), kept)
    assert server.requested == []
    assert not kept.exists()


def test_a_file_is_fetched_once(server, tmp_path):
    source = remote(server)
    for _ in range(2):
        path = local_file(source, tmp_path / "kept", download=True)
        assert path.read_bytes() == b"content"
    assert local_file(source, tmp_path / "kept") == path
    assert server.requested == ["/a.gz"]
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["a.gz"]


def test_a_broken_file_is_named_and_fetched_again(server, tmp_path):
    source = remote(server)
    (tmp_path / "a.gz").write_bytes(b"cont")
    with pytest.raises(
        ValueError, match=r"a\.gz: expected SHA-256 .*, got .*; the file is damaged"
    ):
        local_file(source, tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == b"cont"
    assert local_file(source, tmp_path, download=True).read_bytes() == b"content"


def test_a_wrong_hash_leaves_nothing(server, tmp_path):
    source = remote(server)._replace(digest="0" * 64)
    kept = tmp_path / "kept"
    with pytest.raises(ValueError, match="does not have the SHA-256 000"):
        local_file(source, kept, download=True)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("name", ["broken-off.gz", "missing.gz"])
def test_a_failed_download_leaves_nothing(server, tmp_path, name):
    kept = tmp_path / "kept"
    source = Remote(server.url + name, "0" * 64, 1000)
    with pytest.raises(ConnectionError, match="could not be fetched"):
        local_file(source, kept, download=True)
    assert list(kept.iterdir()) == []


def test_a_failed_download_keeps_the_old_file(server, tmp_path):
    (tmp_path / "missing.gz").write_bytes(b"old")
    with pytest.raises(ConnectionError, match="could not be fetched"):
        local_file(Remote(server.url + "missing.gz", "0" * 64, 9), tmp_path, download=True)
    assert (tmp_path / "missing.gz").read_bytes() == b"old"


def test_no_server_is_a_clear_error(tmp_path):
    with socket.socket() as held:  # a port on which nobody listens
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/a.gz"
        with pytest.raises(ConnectionError, match="could not be fetched"):
            local_file(Remote(url, "0" * 64, 1), tmp_path, download=True)


def test_only_https_is_trusted(tmp_path):
    with pytest.raises(ValueError, match="url: expected https, got http://example"):
        local_file(Remote("http://example.org/a.gz", "0" * 64, 1), tmp_path, download=True)


def test_published_files_have_full_hashes_and_https():
    for remotes in (_mnist.MNIST_FILES, _mnist.FASHION_FILES):
        assert len({source.digest for source in remotes.values()}) == 4
        for source in remotes.values():
            assert source.url.startswith("https://")
            assert len(bytes.fromhex(source.digest)) == 32


def test_folder_comes_from_root_then_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AELIB_DATA", str(tmp_path / "chosen"))
    assert data_folder() == tmp_path / "chosen"
    assert data_folder(tmp_path) == tmp_path
    monkeypatch.delenv("AELIB_DATA")
    assert data_folder().name == "aelib"


@pytest.mark.parametrize(
    ("kind", "code"),
    [(">u1", 0x08), (">i1", 0x09), (">i2", 0x0B), (">i4", 0x0C), (">f4", 0x0D), (">f8", 0x0E)],
)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4)])
def test_idx_of_every_type_is_read(kind, code, shape):
    array = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    read = parse_idx(idx(array, code))
    assert read.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected the magic number of IDX"),
        (b"\x00\x00\x07\x01" + bytes(8), "expected the magic number of IDX, got '00 00 07 01'"),
        (b"\x01\x00\x08\x01" + bytes(8), "expected the magic number"),
        (b"\x00\x00\x08\x00", "expected the magic number"),
        (b"\x00\x00\x08\x03\x00\x00", "truncated in its header, 6 of 16 bytes"),
        (idx(np.zeros((2, 3), np.uint8))[:-1], r"truncated, expected 18 bytes for shape \(2, 3\)"),
        (idx(np.zeros((2, 3), np.uint8)) + b"\0", "too long, expected 18 bytes"),
    ],
)
def test_broken_idx_is_refused(content, message):
    with pytest.raises(ValueError, match=f"idx: {message}"):
        parse_idx(content)


@pytest.mark.parametrize("damage", [lambda c: c[:-9], lambda c: c[:20], lambda _: b"no gzip"])
def test_broken_gzip_is_refused(tmp_path, damage):
    path = tmp_path / "a.gz"
    path.write_bytes(damage(gzip.compress(idx(np.arange(100, dtype=np.uint8)))))
    with pytest.raises(ValueError, match=r"a\.gz: truncated or not gzip"):
        read_idx(path)


def test_plain_idx_is_read(tmp_path):
    path = tmp_path / "a-ubyte"
    path.write_bytes(idx(np.arange(9, dtype=np.uint8)))
    assert read_idx(path).tolist() == list(range(9))


@pytest.fixture
def small(server):
    """Four files in the manner of MNIST, 40 examples for training and 10 for test."""
    rng = np.random.default_rng(0)
    arrays = {
        "train images": rng.integers(0, 256, (40, 6, 5), dtype=np.uint8),
        "train labels": rng.integers(0, 10, 40, dtype=np.uint8),
        "test images": rng.integers(0, 256, (10, 6, 5), dtype=np.uint8),
        "test labels": rng.integers(0, 10, 10, dtype=np.uint8),
    }
    files = {
        key: remote(server, Path(source.url).name, gzip.compress(idx(arrays[key])))
        for key, source in _mnist.MNIST_FILES.items()
    }
    return arrays, files


def test_mnist_is_loaded_from_its_files(server, small, tmp_path, monkeypatch):
    arrays, files = small
    monkeypatch.setattr(_mnist, "MNIST_FILES", files)
    dataset = data.load("mnist", root=tmp_path / "kept", download=True)
    assert len(server.requested) == 4
    assert (dataset.name, dataset.shape, dataset.x.dtype) == ("mnist", (6, 5), np.float32)
    assert np.array_equal(np.rint(dataset.images[:40] * 255), arrays["train images"])
    assert dataset.labels[40:].tolist() == arrays["test labels"].tolist()
    train, validation, test = dataset.split()
    assert [len(train), len(validation), len(test)] == [30, 10, 10]
    assert np.array_equal(np.rint(test.images * 255), arrays["test images"])
    # Again, from the folder alone, named as root or as its parent.
    for root in (tmp_path / "kept", tmp_path / "kept" / "mnist"):
        again = data.load("mnist", root=root)
        assert np.array_equal(again.x, dataset.x)
    black_and_white = data.load("mnist", root=tmp_path / "kept", binarize=0.5)
    assert np.array_equal(black_and_white.x, dataset.x > 0.5)
    assert len(server.requested) == 4


def test_mnist_is_not_fetched_unasked(tmp_path):
    for name in ("mnist", "fashion_mnist"):
        with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte\.gz is not there"):
            data.load(name, root=tmp_path)


def test_images_and_labels_must_match(server, small, tmp_path):
    arrays, files = small
    wrong = gzip.compress(idx(arrays["train labels"][:39]))
    files["train labels"] = remote(server, "train-labels-idx1-ubyte.gz", wrong)
    with pytest.raises(
        ValueError, match=r"mnist, train: expected images .* got \(40, 6, 5\) and \(39,"
    ):
        _mnist.idx_dataset(files, "mnist", root=tmp_path, download=True)
