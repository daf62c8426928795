"""Words in, words out: which words of a sentence moved a model, whatever tokenizer stands before it.

    with DeepExplain.open(model) as de:
        text = Text(de, tokenizer)
        for sentence in text.explain('intgrad', ['a fine film', 'a dull one']):
            print(sentence.words, sentence.attributions)

`Text` says which tokenizers, `Explained` what a sentence has.
"""
from .explaining import Text
from .results import Explained

__all__ = ['Explained', 'Text']
