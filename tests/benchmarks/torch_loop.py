"""PyTorch's usual training loop, run by another interpreter: prints the seconds it took.

python torch_loop.py OPTIMIZER BATCH EPOCHS DROPOUT WIDTH [WIDTH]        with MNIST_PATH set to an .npz
"""

import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

optimizer, batch, epochs, rate, widths = *sys.argv[1:5], [int(width) for width in sys.argv[5:]]
mnist = np.load(os.environ["MNIST_PATH"])
images = torch.tensor(mnist["x_train"].reshape(-1, 784) / 255, dtype=torch.float32)
labels = torch.tensor(mnist["y_train"], dtype=torch.long)
torch.manual_seed(1)
blocks = [
    block
    for below, above in zip([784, *widths[:-1]], widths, strict=True)
    for block in (nn.Linear(below, above), nn.ReLU(), nn.Dropout(float(rate)))
]
model = nn.Sequential(*blocks, nn.Linear(widths[-1], 10))
steps = {"rmsprop": torch.optim.RMSprop, "adam": torch.optim.Adam}[optimizer](model.parameters(), lr=1e-3)
loss_of = nn.CrossEntropyLoss()
begin = time.perf_counter()
for _ in range(int(epochs)):
    for x, y in DataLoader(TensorDataset(images, labels), batch_size=int(batch), shuffle=True):
        steps.zero_grad()
        loss_of(model(x), y).backward()
        steps.step()
print(time.perf_counter() - begin)
