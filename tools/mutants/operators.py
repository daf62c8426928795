"""What is changed: some of cosmic-ray's operators and some of our own; and where a change would tell nothing."""
import ast
import re

import parso
from cosmic_ray.operators.operator import Operator

#: Of cosmic-ray's operators these; the many others put in what fails at once, or what one of these puts in as well.
CORE = re.compile('core/(%s)$' % '|'.join([
    'ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul|BitOr_BitAnd|BitAnd_BitOr)',
    'ReplaceComparisonOperator_(Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Lt_Gt|Gt_Lt|LtE_GtE|GtE_LtE|Eq_NotEq|NotEq_Eq|Is_IsNot|'
    'IsNot_Is)',
    'ReplaceUnaryOperator_(USub_UAdd|Delete_Not)',
    'AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceBreakWithContinue|'
    'ReplaceContinueWithBreak|NumberReplacer|RemoveDecorator|ZeroIterationForLoop']))

#: Names that are put in for one another.
PAIRS = {'float64': 'float32', 'divide_no_nan': 'divide'}
for one, other in (('any', 'all'), ('min', 'max'), ('minimum', 'maximum'), ('reduce_min', 'reduce_max'),
                   ('zeros', 'ones'), ('zeros_like', 'ones_like'), ('reduce_sum', 'reduce_mean'),
                   ('less', 'less_equal'), ('greater', 'greater_equal'), ('logical_or', 'logical_and'),
                   ('reduce_any', 'reduce_all')):
    PAIRS.update({one: other, other: one})

#: Calls whose arguments are words for people.
SAYING = frozenset('warn listed written shown close_to _warn_of_lost _hint _why _why_cut _other_size _range'.split())


class Own(Operator):
    """An operator of ours: `changes` gives for each change of a node where that is, and its new code."""

    def changes(self, node):
        raise NotImplementedError

    def mutation_positions(self, node):
        for start, end, _ in self.changes(node):
            yield start, end

    def mutate(self, node, index):
        code = list(self.changes(node))[index][2]
        # As it stood, with the white space and the comments before it.
        return parso.python.tree.Name(code, node.start_pos, node.get_first_leaf().prefix)

    @classmethod
    def examples(cls):
        return ()


class SwapNames(Own):
    """any for all, and the like."""

    def changes(self, node):
        if node.type == 'name' and node.value in PAIRS and not node.is_definition():
            yield node.start_pos, node.end_pos, PAIRS[node.value]


class RemoveCall(Own):
    """A call whose value nobody uses."""

    def changes(self, node):
        if node.type in ('power', 'atom_expr') and node.parent.type == 'simple_stmt' and (
                node.children[-1].type == 'trailer' and node.children[-1].children[0].value == '('):
            yield node.start_pos, node.end_pos, 'pass'


class RemoveArgument(Own):
    """The last of a call's arguments, if it is named or one of more than two: of two it is seldom left out unseen."""

    def changes(self, node):
        if node.type == 'arglist' and node.parent.type == 'trailer':
            given = [child for child in node.children if child.type != 'operator']
            last = given[-1]
            named = last.type == 'argument' and last.children[0].type == 'name' and last.children[1].value == '='
            if named and last.children[0].value != 'name' or last.type != 'argument' and len(given) > 2:
                code = ''.join(child.get_code() for child in node.children[:node.children.index(last)])
                yield last.start_pos, last.end_pos, code.strip()[:-1]


class RemoveWord(Own):
    """A word of a table of op types."""

    def changes(self, node):
        if node.type == 'string' and node.value.startswith("'''"):
            following = node.get_next_leaf()
            if following is not None and following.value == '.':
                for word in re.finditer(r'\w+', node.value):
                    yield node.start_pos, node.end_pos, node.value[:word.start()] + node.value[word.end():]
        if node.type in ('testlist_comp', 'exprlist') and node.parent.type == 'atom':
            words = [child for child in node.children if child.type != 'operator']
            if len(words) > 2 and all(word.type == 'string' for word in words):
                for word in words:
                    rest = ', '.join(one.value for one in words if one is not word)
                    yield word.start_pos, word.end_pos, rest


class Provider:
    """Our operators, as cosmic-ray asks for them."""

    _known = {one.__name__: one for one in (SwapNames, RemoveCall, RemoveArgument, RemoveWord)}

    def __iter__(self):
        return iter(self._known)

    def __getitem__(self, name):
        return self._known[name]


class Silent:
    """The parts of a module that are messages, annotations, docstrings, imports, names for others, an op's only output.

    Of the latter outputs[0] and outputs[-1] are one thing.
    """

    def __init__(self, source):
        self._spans = [self._span(node) for node in self._nodes(ast.parse(source))]

    def __contains__(self, position):
        return any(start <= position < end for start, end in self._spans)

    @staticmethod
    def _span(node):
        return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)

    @staticmethod
    def _nodes(module):
        for node in ast.walk(module):
            if isinstance(node, (ast.Raise, ast.Import, ast.ImportFrom, ast.JoinedStr)):
                yield node
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '__all__':
                yield node
            elif isinstance(node, ast.Call) and getattr(node.func, 'attr', getattr(node.func, 'id', '')) in SAYING:
                yield node
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and (
                    isinstance(getattr(node.left, 'value', None), str)):
                yield node
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                yield node
            elif getattr(node, 'annotation', None) is not None:
                yield node.annotation
            elif getattr(node, 'returns', None) is not None:
                yield node.returns
            elif isinstance(node, ast.Subscript) and getattr(node.value, 'attr', '') == 'outputs':
                yield node.slice
            elif isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.dump(node.test):
                yield node
