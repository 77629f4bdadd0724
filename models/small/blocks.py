"""What the small networks are built of, how they learn, and how they become ONNX files."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

# Weights of this many numbers are kept in 8 bits.
LARGE = 512
# Steps from one look at the weights to the next, for their running mean.
MEAN_EVERY = 4


def conv(before: int, after: int, stride: int = 1, size: int = 3, spread: int = 1) -> nn.Sequential:
    """Convolution, normalisation, activation."""
    return nn.Sequential(nn.Conv2d(before, after, size, stride, (size // 2) * spread, spread, bias=False),
                         nn.BatchNorm2d(after), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two convolutions beside a straight way."""

    def __init__(self, width: int, spread: int = 1):
        super().__init__()
        self.first, self.second = conv(width, width, spread=spread), conv(width, width)[:2]

    def forward(self, x):
        return torch.relu(x + self.second(self.first(x)))


class Trunk(nn.Module):
    """Features at strides 4, 8, 16 and 32; blocks of 4x4 pixels come in as they are."""

    def __init__(self, widths=(24, 48, 80, 112), depths=(1, 1, 2, 2)):
        super().__init__()
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), conv(48, widths[0]))
        stages, before = [], widths[0]
        for index, (width, depth) in enumerate(zip(widths, depths)):
            enter = [] if index == 0 else [conv(before, width, 2)]
            stages.append(nn.Sequential(*enter, *(Residual(width) for _ in range(depth))))
            before = width
        self.stages = nn.ModuleList(stages)

    def forward(self, x):
        x, found = self.stem(x), []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found


def double(x):
    """Twice the size, bilinear."""
    return nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def ahead(batch_of, seed: int, first: int, steps: int):
    """The batches of each step, each drawn while the network learns from the one before."""
    with ThreadPoolExecutor(1) as worker:
        def draw(step):
            return worker.submit(batch_of, np.random.default_rng([seed, step]), step)
        following = draw(first)
        for step in range(first, steps):
            batch, following = following.result(), draw(step + 1)
            yield step, batch


def learn(network: nn.Module, loss_of, batch_of, steps: int, rate: float, state: str, begin: str | None = None, seed: int = 1) -> None:
    """Trains `network` for `steps`; goes on from `state` if it is there, begins with those weights of the state `begin` that it has.

    `batch_of(random, step)` draws a batch; `loss_of(network, batch)` is what to make small. The last
    weights are a running mean, which judges better than any single step's.
    """
    torch.manual_seed(seed)
    torch.set_flush_denormal(True)
    if begin:
        network.load_state_dict(torch.load(begin, weights_only=True)["mean"], strict=False)
    network.train()
    mean = {name: value.clone() for name, value in network.state_dict().items()}
    ways = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.02, fused=True)
    plan = torch.optim.lr_scheduler.OneCycleLR(ways, rate, steps, pct_start=0.1)
    first = 0
    if os.path.exists(state):
        saved = torch.load(state, weights_only=True)
        network.load_state_dict(saved["network"])
        ways.load_state_dict(saved["ways"])
        plan.load_state_dict(saved["plan"])
        mean, first = saved["mean"], saved["step"]
    began, lately = time.time(), []
    # A processor that only emulates 16 bits takes ten times as long with them.
    narrow_numbers = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    for step, batch in ahead(batch_of, seed, first, steps):
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow_numbers):
            loss = loss_of(network, batch)
        ways.zero_grad(set_to_none=True)
        loss.backward()
        # In 16 bits a gradient may be no number: such a step is left out.
        if torch.isfinite(nn.utils.clip_grad_norm_(network.parameters(), 5.0)):
            ways.step()
        else:
            print(f"step {step + 1} left out", flush=True)
        plan.step()
        lately.append(float(loss.detach()))
        if step % MEAN_EVERY == 0 or step + 1 == steps:
            follow(mean, network, step)
        if (step + 1) % 50 == 0 or step + 1 == steps:
            print(f"step {step + 1}/{steps} loss {np.mean(lately):.4f} {(time.time() - began) / (step + 1 - first):.2f} s", flush=True)
            lately = []
        if (step + 1) % 100 == 0 or step + 1 == steps:
            torch.save({"network": network.state_dict(), "ways": ways.state_dict(), "plan": plan.state_dict(),
                        "mean": mean, "step": step + 1}, state + ".new")
            os.replace(state + ".new", state)
    network.load_state_dict(mean)
    network.eval()


@torch.no_grad()
def begin_from(network: nn.Module, path: str, example, rows: dict | None = None) -> None:
    """Gives the network the weights of an exported one that is built alike, convolution by convolution as they run.

    An export has normalisation inside its convolutions: each gets statistics of `example` here that come to the same. Of a layer
    with other outputs those that `rows` names, by the number of outputs, are taken: its own ones from the old ones.
    """
    graph = onnx.load(path).graph
    known = {value.name: numpy_helper.to_array(value) for value in graph.initializer}
    for node in graph.node:
        if node.op_type == "Mul" and node.input[1].endswith("_factor"):
            known[node.output[0]] = known[node.input[1]] * known[node.input[0].removesuffix("_wide") + "_8"].astype(np.float32)
    layers = iter([node for node in graph.node if node.op_type in ("Conv", "Gemm")])
    shift = {}

    def weights(module, _):
        node = next(layers)
        weight, bias = (torch.from_numpy(np.array(known[name])) for name in node.input[1:3])
        if weight.shape != module.weight.shape:
            own, old = (rows or {}).get(len(module.weight), (range(len(weight)), range(len(weight))))
            module.weight[list(own)], module.bias[list(own)] = weight[list(old)], bias[list(old)]
            return
        if rows and len(weight) in rows and module.bias is not None:
            own, old = rows[len(weight)]
            module.weight[list(own)], module.bias[list(own)] = weight[list(old)], bias[list(old)]
            return
        module.weight.copy_(weight)
        if module.bias is not None:
            module.bias.copy_(bias)
        shift["bias"] = bias

    def statistics(module, given):
        mean, var = given[0].float().mean((0, 2, 3)), given[0].float().var((0, 2, 3), unbiased=False)
        module.running_mean.copy_(mean)
        module.running_var.copy_(var)
        module.weight.copy_((var + module.eps).sqrt())
        module.bias.copy_(shift["bias"] + mean)

    hooks = [module.register_forward_pre_hook(weights if isinstance(module, (nn.Conv2d, nn.Linear)) else statistics)
             for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d))]
    network.eval()
    network(example)
    for hook in hooks:
        hook.remove()


@torch.no_grad()
def follow(mean: dict, network: nn.Module, step: int) -> None:
    """Moves the running mean towards the network's weights; the later, the less."""
    keep = min(0.98, step / (step + 80))
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            mean[name].lerp_(value, 1 - keep)
        else:
            mean[name].copy_(value)


def export(network: nn.Module, example, path: str, inputs: list, outputs: list, dynamic: dict | None = None) -> None:
    """Writes the network as ONNX with the names of the published one, weights in 8 bits."""
    network.eval()
    with torch.no_grad():
        torch.onnx.export(network, example, path, input_names=inputs, output_names=outputs, dynamic_axes=dynamic or {},
                          opset_version=17, dynamo=False, do_constant_folding=True)
    model = onnx.load(path)
    narrow(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    print(f"{path}: {os.path.getsize(path)} bytes")


def narrow(graph) -> None:
    """Stores large weights in 8 bits, with a factor a row; the runtime widens them once, when it opens the file."""
    for weight in list(graph.initializer):
        if weight.data_type != TensorProto.FLOAT or len(weight.dims) < 2 or np.prod(weight.dims) < LARGE:
            continue
        values, name = numpy_helper.to_array(weight), weight.name
        factor = np.abs(values).max(tuple(range(1, values.ndim)), keepdims=True).clip(1e-12) / 127
        graph.initializer.remove(weight)
        graph.initializer.extend((numpy_helper.from_array(np.round(values / factor).astype(np.int8), name + "_8"),
                                  numpy_helper.from_array(factor.astype(np.float32), name + "_factor")))
        graph.node.insert(0, helper.make_node("Mul", [name + "_wide", name + "_factor"], [name]))
        graph.node.insert(0, helper.make_node("Cast", [name + "_8"], [name + "_wide"], to=TensorProto.FLOAT))


def images(arrays) -> torch.Tensor:
    """Bytes [H, W, 3] each to floats [N, 3, H, W], 0 to 255."""
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
