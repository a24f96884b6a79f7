"""Random cases replayed in PyTorch, where it is installed: values, types, nan, and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import functional as F
from cnnviz.functional.geometry import Geometry
from tests.tools.geometries import convolutions, poolings
from tests.tools.pytorch import torch_or_skip

torch = torch_or_skip()
pytestmark = pytest.mark.long
T = torch.nn.functional
G = torch.nn.grad

nan, inf = float("nan"), float("inf")


def tensors(*arrays):
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]


def agree(ours, theirs):
    assert ours.dtype == theirs.numpy().dtype
    np.testing.assert_array_equal(ours, theirs.numpy())


@given(convolutions(), st.sampled_from(["float32", "float64"]))
def test_convolutions(case, dtype):
    x, w, g = (array.astype(dtype) for array in (case.x, case.w, case.g))
    tx, tw, tg = tensors(x, w, g)
    how = case.how
    bias = np.arange(len(w)).astype(dtype)
    agree(F.conv2d(x, w, bias, **how), T.conv2d(tx, tw, torch.from_numpy(bias), **how))
    agree(F.conv2d_input(x.shape, w, g, **how), G.conv2d_input(x.shape, tw, tg, **how))
    agree(F.conv2d_input_gather(x.shape, w, g, **how), G.conv2d_input(x.shape, tw, tg, **how))
    agree(F.conv2d_weight(x, w.shape, g, **how), G.conv2d_weight(tx, w.shape, tg, **how))


@given(convolutions(), st.integers(0, 2))
def test_transposed_convolutions(case, extra):
    extra = tuple(
        min(extra, max(s, d) - 1) for s, d in zip(case.stride, case.dilation, strict=True)
    )
    g, w = case.g.astype("float64"), case.w.astype("float64")
    tg, tw = tensors(g, w)
    how = {**case.how, "output_padding": extra}
    try:
        theirs = T.conv_transpose2d(tg, tw, **how)
    except RuntimeError:
        with pytest.raises(ValueError):
            F.conv_transpose2d(g, w, **how)
    else:
        agree(F.conv_transpose2d(g, w, **how), theirs)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@given(convolutions(), st.sampled_from(["same", "valid"]))
def test_padding_by_name(case, padding):
    x, w = case.x.astype("float64"), case.w.astype("float64")
    tx, tw = tensors(x, w)
    how = {**case.how, "padding": padding, "stride": 1}
    try:
        theirs = T.conv2d(tx, tw, **how)
    except RuntimeError:
        with pytest.raises(ValueError):
            F.conv2d(x, w, **how)
    else:
        agree(F.conv2d(x, w, **how), theirs)


@given(convolutions())
def test_unfold_and_fold(case):
    x = case.x.astype("float64")
    (tx,) = tensors(x)
    how = {name: case.how[name] for name in ("stride", "padding", "dilation")}
    kernel = case.w.shape[2:]
    columns = F.unfold(x, kernel, **how)
    agree(columns, T.unfold(tx, kernel, **how))
    agree(
        F.fold(columns, x.shape[2:], kernel, **how),
        T.fold(torch.from_numpy(columns), x.shape[2:], kernel, **how),
    )


def backward(pooled, x, g):
    (slope,) = torch.autograd.grad(pooled, x, torch.from_numpy(g))
    return slope


@given(poolings(), st.booleans())
def test_max_pooling(case, special):
    x = case.x.astype("float64")
    if special:
        x[x == 3], x[x < -1] = nan, -inf
    how = (case.kernel, case.stride, case.padding, case.dilation, case.ceil_mode)
    tx = torch.from_numpy(x.copy()).requires_grad_()
    theirs, numbers = T.max_pool2d(tx, *how, return_indices=True)
    ours, switches = F.max_pool2d(x, *how, return_indices=True)
    agree(ours, theirs.detach())
    agree(switches, numbers)
    g = 1.0 + np.arange(ours.size).reshape(ours.shape)
    agree(F.max_pool2d_backward(g, x.shape, switches), backward(theirs, tx, g))


@given(poolings(dilated=False), st.booleans())
def test_average_pooling(case, include):
    x = case.x.astype("float64")
    how = (case.kernel, case.stride, case.padding, case.ceil_mode, include)
    tx = torch.from_numpy(x).requires_grad_()
    theirs, ours = T.avg_pool2d(tx, *how), F.avg_pool2d(x, *how)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-14)
    g = 1.0 + np.arange(ours.size).reshape(ours.shape)
    np.testing.assert_allclose(
        F.avg_pool2d_backward(g, x.shape, *how), backward(theirs, tx, g).numpy(), rtol=1e-13
    )


@given(poolings(dilated=False), st.integers(-3, 3))
def test_unpooling(case, more):
    """Windows that do not overlap: where switches repeat, PyTorch leaves the result open."""
    x = np.pad(case.x, ((0, 0), (0, 0), (0, 3), (0, 3))).astype("float64")
    values, switches = F.max_pool2d(x, case.kernel, return_indices=True)
    height, width = F.max_unpool2d(values, np.zeros_like(switches), case.kernel).shape[-2:]
    how = {"kernel_size": case.kernel, "output_size": (height + more, width)}
    try:
        theirs = T.max_unpool2d(*tensors(values, switches), **how)
    except (RuntimeError, ValueError):
        with pytest.raises(ValueError):
            F.max_unpool2d(values, switches, **how)
    else:
        agree(F.max_unpool2d(values, switches, **how), theirs)


def test_whole_numbers_stay_whole():
    x, w = np.arange(25).reshape(1, 1, 5, 5), np.arange(4).reshape(1, 1, 2, 2)
    agree(F.conv2d(x, w), T.conv2d(*tensors(x, w)))
    agree(F.max_pool2d(x, 2), T.max_pool2d(*tensors(x), 2))


SPECIAL = [
    [[nan, 1, 2], [3, nan, 4], [5, 6, nan]],
    [[-inf, -inf, -inf], [-inf, -inf, nan], [-inf, -inf, -inf]],
    [[inf, inf, nan], [nan, -inf, inf], [0, 0, 0]],
    [[-inf, -inf, -inf], [-inf, -inf, -inf], [-inf, -inf, -inf]],
]


@pytest.mark.parametrize("plane", SPECIAL)
@pytest.mark.parametrize("how", [(2, 1, 0), (2, 2, 1), (3, 1, 1), (3, 2, 1, 1, True), (2, 1, 1, 2)])
def test_max_pooling_of_what_is_no_number(plane, how):
    x = np.array([plane])
    ours = F.max_pool2d(x, *how, return_indices=True)
    for mine, other in zip(ours, T.max_pool2d(*tensors(x), *how, return_indices=True), strict=True):
        agree(mine, other)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("how", [{}, {"padding": 1}, {"stride": 2}, {"padding": 1, "dilation": 2}])
def test_convolution_of_what_is_no_number(how):
    random = np.random.default_rng(0)
    x, w = random.integers(1, 5, (1, 2, 6, 6)) * 1.0, random.integers(1, 5, (2, 2, 2, 2)) * 1.0
    x[0, 1, 2, 3], x[0, 0, 5, 5], w[0, 0, 0, 0] = nan, inf, inf
    ours = F.conv2d(x, w, **how)
    agree(ours, T.conv2d(*tensors(x, w), **how))
    g = np.ones(ours.shape)
    g[0, 1, 1, 1] = -inf
    agree(
        F.conv2d_weight(x, w.shape, g, **how),
        G.conv2d_weight(*tensors(x), w.shape, *tensors(g), **how),
    )
    agree(F.conv2d_input(x.shape, w, g, **how), G.conv2d_input(x.shape, *tensors(w, g), **how))


REFUSED = [
    ("conv2d", [(1, 1, 2, 2), (1, 1, 3, 3)], {}),
    ("conv2d", [(1, 3, 4, 4), (1, 2, 3, 3)], {}),
    ("conv2d", [(1, 4, 4, 4), (3, 2, 3, 3)], {"groups": 2}),
    ("conv2d", [(1, 1, 4, 4), (1, 1, 3, 3)], {"stride": 0}),
    ("conv2d", [(1, 1, 4, 4), (1, 1, 3, 3)], {"padding": -1}),
    ("conv2d", [(1, 1, 4, 4), (1, 1, 3, 3)], {"dilation": 0}),
    ("conv2d", [(1, 1, 4, 4), (1, 1, 3, 3)], {"padding": "same", "stride": 2}),
    ("conv2d", [(1, 1, 4, 4), (1, 1, 3, 3), (2,)], {}),
    ("conv_transpose2d", [(1, 2, 2, 2), (1, 1, 3, 3)], {}),
    ("conv_transpose2d", [(1, 1, 1, 1), (1, 1, 3, 3)], {"padding": 2}),
    ("conv_transpose2d", [(1, 1, 2, 2), (1, 1, 3, 3)], {"output_padding": 1}),
    ("unfold", [(1, 1, 2, 2)], {"kernel_size": 3}),
    ("fold", [(1, 5, 4)], {"output_size": (3, 3), "kernel_size": 2}),
    ("fold", [(1, 4, 5)], {"output_size": (3, 3), "kernel_size": 2}),
    ("max_pool2d", [(1, 2, 2)], {"kernel_size": 3}),
    ("max_pool2d", [(1, 4, 4)], {"kernel_size": 3, "padding": 2}),
    ("avg_pool2d", [(1, 4, 4)], {"kernel_size": 3, "padding": 2}),
    ("avg_pool2d", [(1, 4, 4)], {"kernel_size": 2, "stride": 0}),
]


@pytest.mark.parametrize(("name", "shapes", "how"), REFUSED)
def test_what_pytorch_refuses_is_refused(name, shapes, how):
    arrays = [np.ones(shape) for shape in shapes]
    with pytest.raises((RuntimeError, ValueError)):
        getattr(T, name)(*tensors(*arrays), **how)
    with pytest.raises(ValueError):
        getattr(F, name)(*arrays, **how)


@given(poolings())
def test_pool_sizes(case):
    how = (case.kernel, case.stride, case.padding, case.dilation, case.ceil_mode)
    theirs = T.max_pool2d(torch.from_numpy(case.x.astype("float32")), *how).shape[-2:]
    assert Geometry.of_pool(case.x.shape[-2:], *how).output_size == tuple(theirs)
