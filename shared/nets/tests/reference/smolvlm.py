"""Makes a tiny random SmolVLM, its three graphs with the published names, and what transformers
generates with it.

    python shared/nets/tests/reference/smolvlm.py

Writes tests/onnx/smolvlm/*.onnx and tests/expected/smolvlm/expected.json beside this folder. Made
with torch 2.15, transformers 5.23, onnx 1.23. The decoder's graph is written out here with the
model's weights; what transformers generates does not come from it.
"""

import json
import pathlib

import torch
from florence import slim
from torch import nn
from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

HERE = pathlib.Path(__file__).resolve().parent.parent
SIDE, WIDTH, HEADS, GROUPS, LAYERS, VOCABULARY = 64, 32, 4, 2, 2, 180
IMAGE, END, HEAD = 170, 171, WIDTH // HEADS
TOKENS = (SIDE // 16) ** 2 // 4


def tiny():
    torch.manual_seed(11)
    config = SmolVLMConfig(
        image_token_id=IMAGE, scale_factor=2, pad_token_id=0, tie_word_embeddings=False,
        vision_config=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=SIDE, patch_size=16),
        text_config=dict(model_type="llama", vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=LAYERS,
                         num_attention_heads=HEADS, num_key_value_heads=GROUPS, head_dim=HEAD, max_position_embeddings=1024,
                         pad_token_id=0, bos_token_id=1, eos_token_id=END))
    model = SmolVLMForConditionalGeneration(config)
    for _name, weight in model.named_parameters():
        if weight.dim() > 1:
            nn.init.normal_(weight, std=0.4)
    return model.eval()


def turned(x, places):
    frequency = 1.0 / (10000.0 ** (torch.arange(0, HEAD, 2).float() / HEAD))
    angle = places[:, None, :, None].float() * frequency
    angle = torch.cat([angle, angle], -1)
    half = torch.cat([-x[..., HEAD // 2 :], x[..., : HEAD // 2]], -1)
    return x * angle.cos() + half * angle.sin()


class Vision(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model.model

    def forward(self, pixel_values, pixel_attention_mask):
        pixels = pixel_values.flatten(0, 1)
        mask = pixel_attention_mask.flatten(0, 1)
        vision, side = self.model.vision_model, SIDE // 16
        # With all of an image there, the places of its patches are those in reading order.
        x = vision.embeddings.patch_embedding(pixels).flatten(2).transpose(1, 2)
        x = x + vision.embeddings.position_embedding.weight[: side * side]
        x = x + mask[:, ::16, ::16].flatten(1).float()[:, :, None] * 0
        for layer in vision.encoder.layers:
            own, y = layer.self_attn, layer.layer_norm1(x)
            split = lambda z: z.view(z.shape[0], -1, own.num_heads, own.head_dim).transpose(1, 2)
            scores = split(own.q_proj(y)) @ split(own.k_proj(y)).transpose(2, 3) * own.scale
            x = x + own.out_proj((scores.softmax(-1) @ split(own.v_proj(y))).transpose(1, 2).flatten(2))
            x = x + layer.mlp(layer.layer_norm2(x))
        return self.model.connector(vision.post_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.text, self.head = model.model.text_model, model.lm_head

    def forward(self, inputs_embeds, attention_mask, position_ids, *past):
        x, present = inputs_embeds, []
        start, length = past[0].shape[2], inputs_embeds.shape[1]
        seen = torch.arange(length)[:, None] + start >= torch.arange(start + length)[None, :]
        mask = (1 - (seen[None, None] * attention_mask[:, None, None, :]).float()) * -1e9
        for n, layer in enumerate(self.text.layers):
            own, y = layer.self_attn, layer.input_layernorm(x)
            split = lambda z: z.view(z.shape[0], -1, z.shape[2] // HEAD, HEAD).transpose(1, 2)
            key = torch.cat([past[2 * n], turned(split(own.k_proj(y)), position_ids)], 2)
            value = torch.cat([past[2 * n + 1], split(own.v_proj(y))], 2)
            present += [key, value]
            query = turned(split(own.q_proj(y)), position_ids)
            many = lambda z: z.repeat_interleave(HEADS // GROUPS, 1)
            scores = query @ many(key).transpose(2, 3) * HEAD**-0.5 + mask
            x = x + own.o_proj((scores.softmax(-1) @ many(value)).transpose(1, 2).flatten(2))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return (self.head(self.text.norm(x)), *present)


def export(model, folder):
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, module, inputs, ins, outs, axes):
        path = folder / f"{name}.onnx"
        torch.onnx.export(module, inputs, path, input_names=ins, output_names=outs, dynamic_axes=axes, opset_version=17, dynamo=False)
        slim(path)

    write("vision_encoder", Vision(model), (torch.rand(2, 1, 3, SIDE, SIDE), torch.ones(2, 1, SIDE, SIDE, dtype=torch.bool)),
          ["pixel_values", "pixel_attention_mask"], ["image_features"],
          {"pixel_values": {0: "b", 1: "n"}, "pixel_attention_mask": {0: "b", 1: "n"}, "image_features": {0: "n"}})
    write("embed_tokens", model.get_input_embeddings(), (torch.ones(2, 3, dtype=torch.long),), ["input_ids"], ["inputs_embeds"],
          {"input_ids": {0: "b", 1: "t"}, "inputs_embeds": {0: "b", 1: "t"}})
    kinds = [f"{n}.{what}" for n in range(LAYERS) for what in ("key", "value")]
    ins = ["inputs_embeds", "attention_mask", "position_ids"] + [f"past_key_values.{kind}" for kind in kinds]
    outs = ["logits"] + [f"present.{kind}" for kind in kinds]
    axes = {name: {0: "b", 2: name} for name in ins[3:] + outs[1:]} | {name: {0: "b", 1: name + "_t"} for name in ins[:3] + ["logits"]}
    past = [torch.rand(2, GROUPS, 4, HEAD) for _ in kinds]
    inputs = (torch.rand(2, 3, WIDTH), torch.ones(2, 7, dtype=torch.long), torch.arange(4, 7).repeat(2, 1), *past)
    write("decoder_model_merged", Decoder(model), inputs, ins, outs, axes)


def images(count):
    n, c, y, x = torch.meshgrid(*[torch.arange(s, dtype=torch.float64) for s in (count, 3, SIDE, SIDE)], indexing="ij")
    return (torch.sin(x * 0.05 * (n + 1) + y * 0.08 + c)).float()


def main():
    model = tiny()
    export(model, HERE / "onnx/smolvlm")
    model.eval()
    pixels = images(3)
    prompt = lambda tiles: [1, 20, 30] + [40] * 0 + [IMAGE] * (TOKENS * tiles) + [41, 60, 61, 62]
    expected = {"image_token": IMAGE, "end": END, "side": SIDE, "cases": []}
    # Three images of one tile each, and one of three tiles; as far as 12 and as far as 120 tokens.
    for tiles, length in [(1, 12), (1, 120), (3, 40)]:
        rows = 3 // tiles
        ids = torch.tensor([prompt(tiles)] * rows)
        own = pixels.view(rows, tiles, 3, SIDE, SIDE)
        out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=own, max_new_tokens=length, do_sample=False,
                             eos_token_id=END, pad_token_id=0, no_repeat_ngram_size=4)
        texts = []
        for row in out[:, ids.shape[1] :].tolist():
            texts.append(row[: row.index(END) + 1] if END in row else row)
        expected["cases"].append({"tiles": tiles, "prompt": prompt(tiles), "max_new_tokens": length, "ids": texts})
        print(tiles, length, [len(row) for row in texts], [row[:6] for row in texts])
    folder = HERE / "expected/smolvlm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
