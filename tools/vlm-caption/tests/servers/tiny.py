"""Makes a tiny random SmolVLM with all that a server wants of it, so that vlm-caption can be tried against a real one.

    pip install 'transformers[serving]' torch accelerate num2words
    python tools/vlm-caption/tests/servers/tiny.py /tmp/tiny
    transformers serve --host 127.0.0.1 --port 8010 --device cpu &
    vlm-caption --endpoint http://127.0.0.1:8010 --model /tmp/tiny --max-new-tokens 12 --rejects no.jsonl < frames.jsonl

What it writes is noise, so most of it is rejected as no caption: what is tried is that questions arrive and answers come back.
Tried with transformers 5.23, torch 2.15.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "shared/nets/tests/reference"))

import smolvlm
from transformers import PreTrainedTokenizerFast, SmolVLMImageProcessor, SmolVLMProcessor, SmolVLMVideoProcessor

TEMPLATE = """<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:{% for part in message['content'] %}\
{% if part['type'] == 'text' %}{{ part['text'] }}{% elif part['type'] == 'image' %}<image>{% endif %}{% endfor %}<end_of_utterance>
{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"""

folder = pathlib.Path(sys.argv[1])
words = pathlib.Path(smolvlm.HERE / "onnx/smolvlm/tokenizer.json")
tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=str(words), unk_token="<unk>", pad_token="<unk>", bos_token="<|im_start|>", eos_token="<end_of_utterance>",
    extra_special_tokens={"image_token": "<image>", "fake_image_token": "<fake_token_around_image>",
                          "global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>"})
images = SmolVLMImageProcessor(size={"longest_edge": 64}, max_image_size={"longest_edge": 64}, do_image_splitting=False)
processor = SmolVLMProcessor(images, tokenizer, SmolVLMVideoProcessor(), image_seq_len=smolvlm.TOKENS, chat_template=TEMPLATE)
model = smolvlm.tiny()
model.generation_config.eos_token_id = smolvlm.END
model.generation_config.pad_token_id = 0
processor.save_pretrained(folder)
model.save_pretrained(folder)
print(folder)
