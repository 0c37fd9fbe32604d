"""What files of DVC say."""

import pytest

from resources.data.interop.pointers import Output, is_pointer, outputs_of

MD5 = "0123456789abcdef0123456789abcdef"


def test_a_pipelines_lock_names_the_outputs_of_its_stages() -> None:
    text = f"""\
schema: '2.0'
stages:
  collect:
    cmd: make data
    outs:
    - path: data
      hash: md5
      md5: {MD5}.dir
    - path: report.json
      cache: false
      hash: md5
      md5: {MD5}
"""
    assert outputs_of("sub/dvc.lock", text) == [Output("sub/data", f"{MD5}.dir", False)]


def test_an_output_of_dvc_2_is_known_by_its_missing_hash() -> None:
    [output] = outputs_of("data.dvc", f"outs:\n- md5: {MD5}\n  path: data\n")
    assert output.is_dos2unix
    assert not output.is_folder


def test_a_working_folder_is_where_paths_start() -> None:
    text = f"wdir: ../raw\nouts:\n- md5: {MD5}\n  path: ./a.txt\n"
    assert outputs_of("sub/a.dvc", text)[0].path == "raw/a.txt"


def test_an_output_without_a_hash_was_not_made_yet() -> None:
    assert outputs_of("data.dvc", "outs:\n- path: data\n") == []


@pytest.mark.parametrize("text", ["- a list", "a: b: c", "{"])
def test_what_is_no_file_of_dvc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it is no"):
        outputs_of("data.dvc", text)


def test_files_that_name_outputs_are_told_by_their_names() -> None:
    assert is_pointer("sub/data.dvc")
    assert is_pointer("dvc.lock")
    assert not is_pointer(".dvc")
    assert not is_pointer("data.csv")
