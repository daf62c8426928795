"""Several files take their places together, or none does."""
import os

import pytest

from deepexplain import files


def write(paths):
    with files.whole(paths) as opened:
        for file in opened:
            file.write(b'new')


def contents(folder):
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(str(folder)))}


@pytest.mark.parametrize('links', [True, False])
@pytest.mark.parametrize('error', [OSError(13, 'Permission denied'), KeyboardInterrupt()])
@pytest.mark.parametrize('there', [('a', 'b', 'c'), ('b',), ()])
@pytest.mark.parametrize('which', [0, 1, 2])
def test_all_or_none(tmp_path, monkeypatch, links, error, there, which):
    paths = [str(tmp_path / name) for name in 'abc']
    for name in there:
        (tmp_path / name).write_bytes(b'old ' + name.encode())
    before, replace = contents(tmp_path), os.replace

    def fails(source, target):
        if target == paths[which] and source.endswith('.part'):
            raise error
        replace(source, target)

    def no_links(source, target):
        raise OSError(1, 'no links here')

    monkeypatch.setattr(os, 'replace', fails)
    if not links:
        monkeypatch.setattr(os, 'link', no_links)
    with pytest.raises(type(error)):
        write(paths)
    assert contents(tmp_path) == before
    monkeypatch.setattr(os, 'replace', replace)
    write(paths)
    assert contents(tmp_path) == dict.fromkeys('abc', b'new')


def test_a_folder_in_the_place_of_a_file(tmp_path):
    (tmp_path / 'a').write_bytes(b'old')
    (tmp_path / 'b').mkdir()
    with pytest.raises(OSError):
        write([str(tmp_path / 'a'), str(tmp_path / 'b')])
    assert sorted(os.listdir(str(tmp_path))) == ['a', 'b'] and (tmp_path / 'a').read_bytes() == b'old'
    assert (tmp_path / 'b').is_dir()
