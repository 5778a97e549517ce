"""Files of what was trained: whatever arrays and settings go in come out, or nothing does."""

import json

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aelib import _storage

DTYPES = (np.float16, np.float32, np.float64, np.int8, np.int32, np.int64, np.uint8, np.bool_)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TENSORS = st.dictionaries(
    NAMES.filter(lambda name: name != "__metadata__"),
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_side=3))
    ),
    min_size=1,
    max_size=4,
)
SETTINGS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(NAMES, each, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(tensors=TENSORS, settings=SETTINGS)
def test_what_goes_in_comes_out(tmp_path_factory, tensors, settings):
    path = tmp_path_factory.mktemp("storage") / "file"
    _storage.write(path, "fit", {"settings": settings}, tensors)
    _, about, found = _storage.read(path, "fit")
    assert about["settings"] == settings
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert found[name].tobytes() == tensor.tobytes()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_one_byte_of_damage_is_noticed(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("storage") / "file"
    _storage.write(path, "pca", {"a": [1, "b"]}, {"x": np.arange(6.0).reshape(2, 3)})
    whole = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(whole))
    with pytest.raises(ValueError, match="file"):
        _storage.read(path, "pca")


def test_arrays_in_any_order_of_memory_and_in_half_precision(tmp_path):
    tensors = {
        "turned": np.arange(6.0).reshape(2, 3).T,
        "every other": np.arange(9)[::2],
        "backwards": np.arange(4)[::-1],
        "half": np.arange(3).astype(ml_dtypes.bfloat16),
    }
    _storage.write(tmp_path / "file", "model", {}, tensors)
    found = _storage.read(tmp_path / "file", "model")[2]
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        np.testing.assert_array_equal(found[name], tensor)


def test_what_json_does_not_hold_is_named_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"save: expected settings that JSON can hold; .* set"):
        _storage.write(tmp_path / "file", "fit", {"levels": {1, 2}}, {})
    assert not list(tmp_path.iterdir())


def test_a_file_of_others_with_our_key_is_refused(tmp_path):
    path = tmp_path / "file"
    for text, message in (
        ("no json", "its description of the fit cannot be read"),
        ("[]", "its description of the fit cannot be read"),
        ("{}", "its description of the fit cannot be read"),
        (json.dumps({"format": 2}), "format 2, written by aelib None"),
        (json.dumps({"format": _storage.FORMAT}), "does not have the checksum it names"),
    ):
        safetensors.numpy.save_file({"x": np.ones(2)}, path, metadata={"aelib.fit": text})
        with pytest.raises(ValueError, match=message):
            _storage.read(path, "fit")
