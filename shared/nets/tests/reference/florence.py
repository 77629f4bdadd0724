"""Makes a tiny random Florence-2, its four graphs with the published names, and what transformers
generates with it.

    python shared/nets/tests/reference/florence.py

Writes tests/onnx/florence/*.onnx and tests/expected/florence/expected.json beside this folder.
Made with torch 2.15, transformers 5.23, onnx 1.23. The graphs of the decoder are written out here
with the model's weights, as the published export has them: `use_cache_branch` chooses between
cross keys and values from the encoder and those of the past, and with the past the graph gives
useless ones back. What transformers generates does not come from these graphs.
"""

import json
import pathlib

import onnx
import torch
from onnx import TensorProto, helper
from torch import nn
from transformers import BartConfig, Florence2Config, Florence2ForConditionalGeneration, Florence2VisionConfig

HERE = pathlib.Path(__file__).resolve().parent.parent
SIDE, WIDTH, HEADS, LAYERS, VOCABULARY, IMAGE_TOKEN = 64, 32, 2, 2, 160, 159
TOKENS = (SIDE // 32) ** 2 + 1


def tiny():
    torch.manual_seed(7)
    vision = Florence2VisionConfig(depths=(1, 1, 1, 1), embed_dim=(4, 8, 8, 8), num_heads=(1, 2, 2, 2),
                                   num_groups=(1, 2, 2, 2), window_size=4, projection_dim=WIDTH, max_position_embeddings=8)
    text = BartConfig(vocab_size=VOCABULARY, d_model=WIDTH, encoder_layers=LAYERS, decoder_layers=LAYERS,
                      encoder_attention_heads=HEADS, decoder_attention_heads=HEADS, encoder_ffn_dim=48, decoder_ffn_dim=48,
                      max_position_embeddings=256, init_std=0.5, dropout=0.0)
    model = Florence2ForConditionalGeneration(Florence2Config(text_config=text, vision_config=vision, image_token_id=IMAGE_TOKEN))
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            nn.init.normal_(weight, std=0.5 if "language_model" in name else 0.3)
    with torch.no_grad():
        # So that some texts end before their limit.
        model.get_input_embeddings().weight[2] *= 1.8
    return model.eval()


def slim(path):
    """Gives the values of a graph short names, and its nodes none: they are most of a small file."""
    model = onnx.load(path)
    graph, short = model.graph, {}
    for port in [*graph.input, *graph.output]:
        short[port.name] = port.name
    name = lambda long: short.setdefault(long, f"v{len(short)}") if long else long
    for weight in graph.initializer:
        weight.name = name(weight.name)
    for node in graph.node:
        node.name = ""
        node.input[:] = [name(long) for long in node.input]
        node.output[:] = [name(long) for long in node.output]
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def heads(x):
    return x.view(x.shape[0], -1, HEADS, WIDTH // HEADS).transpose(1, 2)


def attend(layer, q, k, v, mask=None):
    scores = heads(layer.q_proj(q)) @ k.transpose(2, 3) * (WIDTH // HEADS) ** -0.5
    if mask is not None:
        scores = scores + mask
    out = scores.softmax(-1) @ v
    return layer.out_proj(out.transpose(1, 2).reshape(q.shape[0], -1, WIDTH))


@torch.jit.script
def cross(branch: torch.Tensor, past: torch.Tensor, hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor):
    if bool(branch[0]):
        used, given = past, past[:, :, :0]
    else:
        # Only the first word asks for these, as in the published files.
        own = (hidden @ weight + bias).view(hidden.shape[0], -1, past.shape[1], past.shape[3]).transpose(1, 2)
        # Two values, as one that is given twice is lost by ONNX Runtime 1.31.
        used, given = own, own * 1.0
    return used, given


class Vision(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return self.model.model.get_image_features(pixel_values).pooler_output


class Embed(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.table = model.get_input_embeddings()

    def forward(self, input_ids):
        return self.table(input_ids)


def padding(mask):
    return (1 - mask[:, None, None, :].float()) * -1e9


class Encoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.encoder = model.model.language_model.encoder

    def forward(self, attention_mask, inputs_embeds):
        places = torch.arange(inputs_embeds.shape[1]) + 2
        x = self.encoder.layernorm_embedding(inputs_embeds + nn.functional.embedding(places, self.encoder.embed_positions.weight))
        for layer in self.encoder.layers:
            own = layer.self_attn
            x = layer.self_attn_layer_norm(x + attend(own, x, heads(own.k_proj(x)), heads(own.v_proj(x)), padding(attention_mask)))
            x = layer.final_layer_norm(x + layer.fc2(layer.activation_fn(layer.fc1(x))))
        return x


class Decoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.decoder, self.head = model.model.language_model.decoder, model.lm_head

    def forward(self, encoder_attention_mask, encoder_hidden_states, inputs_embeds, use_cache_branch, *past):
        start = past[0].shape[2]
        places = torch.arange(inputs_embeds.shape[1]) + start + 2
        x = self.decoder.layernorm_embedding(inputs_embeds + nn.functional.embedding(places, self.decoder.embed_positions.weight))
        mask, present = padding(encoder_attention_mask), []
        for n, layer in enumerate(self.decoder.layers):
            own, other = layer.self_attn, layer.encoder_attn
            past_key, past_value, cross_key, cross_value = past[4 * n : 4 * n + 4]
            key = torch.cat([past_key, heads(own.k_proj(x))], 2)
            value = torch.cat([past_value, heads(own.v_proj(x))], 2)
            x = layer.self_attn_layer_norm(x + attend(own, x, key, value))
            (k, given_k), (v, given_v) = (cross(use_cache_branch, past, encoder_hidden_states, side.weight.t(), side.bias)
                                          for past, side in ((cross_key, other.k_proj), (cross_value, other.v_proj)))
            x = layer.encoder_attn_layer_norm(x + attend(other, x, k, v, mask))
            x = layer.final_layer_norm(x + layer.fc2(layer.activation_fn(layer.fc1(x))))
            present += [key, value, given_k, given_v]
        return (self.head(x), *present)


def export(model, folder):
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [f"{n}.{side}.{what}" for n in range(LAYERS) for side in ("decoder", "encoder") for what in ("key", "value")]
    batch = {0: "batch"}

    def write(name, module, inputs, ins, outs, axes):
        torch.onnx.export(module, inputs, folder / f"{name}.onnx", input_names=ins, output_names=outs,
                          dynamic_axes=axes, opset_version=17, dynamo=False)

    write("vision_encoder", Vision(model), (torch.rand(2, 3, SIDE, SIDE),), ["pixel_values"], ["image_features"],
          {"pixel_values": batch, "image_features": batch})
    slim(folder / "vision_encoder.onnx")
    write("embed_tokens", Embed(model), (torch.ones(2, 3, dtype=torch.long),), ["input_ids"], ["inputs_embeds"],
          {"input_ids": {0: "batch", 1: "t"}, "inputs_embeds": {0: "batch", 1: "t"}})
    write("encoder_model", Encoder(model), (torch.ones(2, 7, dtype=torch.long), torch.rand(2, 7, WIDTH)),
          ["attention_mask", "inputs_embeds"], ["last_hidden_state"],
          {"attention_mask": {0: "batch", 1: "t"}, "inputs_embeds": {0: "batch", 1: "t"}, "last_hidden_state": {0: "batch", 1: "t"}})
    past = [torch.rand(2, HEADS, 4 if ".decoder." in kind else 7, WIDTH // HEADS) for kind in kinds]
    ins = ["encoder_attention_mask", "encoder_hidden_states", "inputs_embeds", "use_cache_branch"]
    ins += [f"past_key_values.{kind}" for kind in kinds]
    outs = ["logits"] + [f"present.{kind}" for kind in kinds]
    axes = {name: {0: "batch", 2: name} for name in ins[4:] + outs[1:]}
    axes |= {name: {0: "batch", 1: name + "_t"} for name in ins[:3] + ["logits"]}
    inputs = (torch.ones(2, 7, dtype=torch.long), torch.rand(2, 7, WIDTH), torch.rand(2, 1, WIDTH), torch.tensor([True]), *past)
    write("decoder_model_merged", Decoder(model), inputs, ins, outs, axes)


def frozen(path):
    """A vision encoder that gives nothing but the twelve attention scales, as Florence-2 names and freezes them."""
    blocks = [(0, 0, 56), (1, 0, 28), *[(2, j, 14) for j in range(9)], (3, 0, 7)]
    nodes, names = [], []
    for s, j, side in blocks:
        name = f"/blocks.{s}/blocks.{s}.{j}/channel_block/channel_attn/fn/Constant_6_output_0"
        nodes.append(helper.make_node("Constant", [], [name], value=helper.make_tensor("v", TensorProto.FLOAT, [], [1 / side])))
        # As in the published file: a scaled product of matrices, which full optimisation would fuse.
        nodes.append(helper.make_node("Mul", ["one", name], [f"scaled{len(names)}"]))
        nodes.append(helper.make_node("MatMul", [f"scaled{len(names)}", "one"], [f"u{len(names)}"]))
        names.append(f"u{len(names)}")
    nodes = [helper.make_node("ReduceMean", ["pixel_values"], ["mean"], axes=[1, 2, 3], keepdims=0),
             helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
             helper.make_node("Add", ["nothing", "unit"], ["row"]),
             helper.make_node("Reshape", ["row", "square"], ["one"]), *nodes,
             helper.make_node("Concat", names, ["all"], axis=1),
             helper.make_node("Reshape", ["all", "shape"], ["image_features"])]
    graph = helper.make_graph(nodes, "frozen", [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["b", 3, "h", "w"])],
                              [helper.make_tensor_value_info("image_features", TensorProto.FLOAT, ["b", "t", "w"])],
                              [helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]), helper.make_tensor("unit", TensorProto.FLOAT, [], [1.0]),
                               helper.make_tensor("square", TensorProto.INT64, [2], [1, 1]),
                               helper.make_tensor("shape", TensorProto.INT64, [3], [1, 1, 12])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, path)


def images():
    """Three images that a formula draws: sin of a plane, 0 to 1, then the mean and deviation of ImageNet."""
    n, c, y, x = torch.meshgrid(*[torch.arange(s, dtype=torch.float64) for s in (3, 3, SIDE, SIDE)], indexing="ij")
    plain = (0.5 + 0.5 * torch.sin(x * 0.05 * (n + 1) + y * 0.08 + c)).float()
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (plain - mean[:, None, None]) / deviation[:, None, None]


def main():
    model = tiny()
    export(model, HERE / "onnx/florence")
    (HERE / "onnx/frozen").mkdir(exist_ok=True)
    frozen(HERE / "onnx/frozen/vision_encoder.onnx")
    # Exporting has left it in training, with dropout.
    model.eval()
    prompt = [0, 17, 33, 121, 45, 2]
    pixels = images()
    ids = torch.tensor([[IMAGE_TOKEN] * TOKENS + prompt] * 3)
    expected = {"prompt": prompt, "side": SIDE, "cases": []}
    for beams, length in [(1, 20), (1, 200), (3, 20), (3, 60)]:
        out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=pixels, num_beams=beams,
                             max_new_tokens=length, no_repeat_ngram_size=3, do_sample=False, early_stopping=beams > 1,
                             length_penalty=1.0, forced_bos_token_id=0, forced_eos_token_id=2, decoder_start_token_id=2,
                             eos_token_id=2, bos_token_id=0, pad_token_id=1)
        rows = []
        for row in out.tolist():
            row = row[1:]
            rows.append(row[: row.index(2) + 1] if 2 in row else row)
        expected["cases"].append({"beams": beams, "max_new_tokens": length, "ids": rows})
        print(beams, length, [len(row) for row in rows], [row[:6] + row[-2:] for row in rows])
    with torch.no_grad():
        features = model.model.get_image_features(pixels).pooler_output
    expected["features"] = [round(x, 5) for x in features[1, 1, :8].tolist()]
    folder = HERE / "expected/florence"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
