"""The three passes of a convolution in PyTorch, for op.py's peers."""

from __future__ import annotations

NCHW, OIHW = (0, 3, 1, 2), (3, 2, 0, 1)


class TorchConv:
    """One pass; `arrays` are its operands, then the one whose gradient is asked for, in PyTorch's order of axes."""

    def __init__(self, which, case, values, device="cpu"):
        import torch

        self.torch, self.which, self.geometry = torch, which, case.primitive
        second = NCHW if which == "filter_gradient" else OIHW
        self.arrays = [
            torch.from_numpy(array.copy() if device == "cpu" else array).to(device).permute(*axes)
            for array, axes in zip(values, (NCHW, second), strict=False)
        ]
        if which != "forward":
            axes = OIHW if which == "filter_gradient" else NCHW
            shape = case.specs()[0].shape
            self.arrays.append(torch.empty(*(shape[i] for i in axes), device=device))

    def layouts(self):
        """The operands in each of PyTorch's layouts."""
        for form in (self.torch.contiguous_format, self.torch.channels_last):
            yield [array.contiguous(memory_format=form) for array in self.arrays]

    def once(self, arrays):
        """One call."""
        g = self.geometry
        stride, padding = [g.stride_h, g.stride_w], [g.pad_top, g.pad_left]
        if self.which == "forward":
            return self.torch.nn.functional.conv2d(*arrays, None, stride, padding)
        by_input = self.which == "input_gradient"
        first, second, missing = arrays
        dy, x, w = (first, missing, second) if by_input else (second, first, missing)
        mask = [by_input, not by_input, False]
        gradients = self.torch.ops.aten.convolution_backward(
            dy, x, w, None, stride, padding, [1, 1], False, [0, 0], 1, mask
        )
        return gradients[0 if by_input else 1]

    def exact(self):
        """The result in float64, a tensor in our layout."""
        result = self.once([array.double() for array in self.arrays])
        return result.permute(*((2, 3, 1, 0) if self.which == "filter_gradient" else (0, 2, 3, 1)))
