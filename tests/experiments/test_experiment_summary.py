"""The table of all experiments, of files worked out by hand."""
import numpy as np
import pytest
import summary

FILES = {
    'sensitivity_n': 'data,network,activation,method,n=1,n=2\n'
                     'd,MLP,linear,saliency,9,9\nd,MLP,relu,saliency,.2,.4\nd,CNN,tanh,saliency,.6,.8\n'
                     'd,CNN,tanh,zero,-,-\nd,CNN,tanh,lrp.z_plus,.3,.3\n',
    'randomization': 'method,network,order,similarity,absolute,layer,mean,standard deviation\n'
                     'saliency,CNN,cascade,ink,True,1,.5,0\nsaliency,CNN,cascade,ink,True,2,.1,0\n'
                     'saliency,CNN,cascade,ssim,True,2,.9,0\nsaliency,CNN,independent,ink,True,2,.9,0\n'
                     'input,CNN,cascade,ink,True,2,1,0\n',
    'xai_tris': 'problem,background,model,mask,measure,method,mean,standard error,better edge filter,beats it\n'
                'linear,white,cnn,both,precision,saliency,.6,0,.1,1\nlinear,white,cnn,own,precision,saliency,.9,0,.1,1\n'
                'translations_rotations,white,cnn,own,precision,saliency,.2,0,.1,0\n'
                'linear,white,cnn,both,earth mover,saliency,.7,0,.1,0\n',
    'motifs': 'method,absence,family,task,repetition,recall\nnobody,,f,both,0,.5\n'
              'saliency,,f,both,0,.5\nsaliency,,f,copies,0,.7\nintgrad,zeros,f,both,0,.1\n'
              'intgrad,shuffled,f,both,0,.9\n'}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / (name + '.csv')).write_text(text)
    return str(tmp_path)


def test_the_table(folder):
    found = summary.table(folder)
    assert list(found) == ['zero', 'saliency', 'intgrad', 'lrp.alpha_1_beta_0_IB', 'input']
    np.testing.assert_allclose(found['saliency'], [.5, .7, .4, .5, .6])
    np.testing.assert_allclose(found['intgrad'], [np.nan] * 4 + [.9])
    assert found['lrp.alpha_1_beta_0_IB'][0] == .3, 'another name of the same'
    np.testing.assert_allclose(found['input'], [np.nan, 0, np.nan, np.nan, np.nan])


def test_the_page(folder, monkeypatch, tmp_path):
    monkeypatch.setattr('sys.argv', ['summary.py', '--out', folder])
    summary.main()
    assert '| saliency | 0.500 | 0.700 | 0.400 | 0.500 | 0.600 |' in (tmp_path / 'summary.md').read_text()
    assert '| zero | - | - | - | - | - |' in (tmp_path / 'summary.md').read_text()
