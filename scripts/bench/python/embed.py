"""Texts per second of onnxruntime, and of sentence-transformers where it is installed, on the encoder's own weights.

embed.py MODEL_FOLDER ONNX THREADS < texts: one JSON object a line. Texts are sorted by length and go in batches of 16, as in
the encoder; tokenising is part of the time.
"""

import json
import os
import sys
import time

THREADS = int(sys.argv[3])
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["TOKENIZERS_PARALLELISM"] = "false" if THREADS == 1 else "true"

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

FOLDER, ONNX = sys.argv[1], sys.argv[2]
TEXTS = sorted((line.rstrip("\n") for line in sys.stdin), key=len)
BATCH = 16


def say(engine, rate):
    print(json.dumps({"engine": engine, "threads": THREADS, "textsPerSecond": round(rate, 1)}), flush=True)


def timed(embed):
    embed(TEXTS[:64])
    began = time.perf_counter()
    vectors = embed(TEXTS)
    return len(TEXTS) / (time.perf_counter() - began), vectors


def by_onnxruntime():
    tokenizer = Tokenizer.from_file(f"{FOLDER}/tokenizer.json")
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    session = onnxruntime.InferenceSession(ONNX, options, providers=["CPUExecutionProvider"])

    def embed(texts):
        out = []
        for start in range(0, len(texts), BATCH):
            batch = tokenizer.encode_batch(texts[start : start + BATCH])
            mask = np.array([one.attention_mask for one in batch])
            ids = np.array([one.ids for one in batch])
            hidden = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
            summed = (hidden * mask[:, :, None]).sum(1)
            out.append(summed / np.linalg.norm(summed, axis=1, keepdims=True))
        return np.concatenate(out)

    say("onnxruntime", timed(embed)[0])


def by_sentence_transformers():
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError:
        print("sentence-transformers is not installed: not measured", file=sys.stderr)
        return
    torch.set_num_threads(THREADS)
    model = SentenceTransformer(FOLDER, device="cpu")
    say("sentence-transformers", timed(lambda texts: model.encode(texts, batch_size=BATCH, normalize_embeddings=True))[0])


by_onnxruntime()
by_sentence_transformers()
