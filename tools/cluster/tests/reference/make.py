"""Writes the sets beside it, and what scikit-learn 1.9 makes of them.

    pip install scikit-learn && python make.py

Every record carries the labels of scikit-learn's DBSCAN and HDBSCAN, and
every set the inertia of its best k-means of 20 (`kmeans.json`).
"""

import json
from pathlib import Path

import numpy as np
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans
from sklearn.datasets import make_blobs, make_moons

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(1)


def mixed():
    blobs, _ = make_blobs(160, n_features=16, centers=4, random_state=3)
    return np.vstack([blobs, RANDOM.uniform(-10, 10, (40, 16))])


# Points, epsilon, clusters of k-means.
SETS = {
    "moons": (make_moons(200, noise=0.06, random_state=0)[0], 0.2, 6),
    "blobs": (make_blobs(200, n_features=3, centers=5, random_state=9)[0], 0.8, 5),
    "mixed": (mixed(), 4.5, 4),
}

inertia = {}
for name, (points, epsilon, k) in SETS.items():
    points = points.round(4)
    dbscan = DBSCAN(eps=epsilon, min_samples=5).fit(points).labels_
    hdbscan = HDBSCAN(min_cluster_size=5, min_samples=5, algorithm="brute", copy=True).fit(points).labels_
    inertia[name] = {"epsilon": epsilon, "k": k, "inertia": KMeans(k, n_init=20, random_state=0).fit(points).inertia_}
    with open(HERE / f"{name}.jsonl", "w") as file:
        for number, point in enumerate(points):
            record = {
                "id": f"{name}{number:03}",
                "vector": point.tolist(),
                "dbscan": int(dbscan[number]),
                "hdbscan": int(hdbscan[number]),
            }
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
(HERE / "kmeans.json").write_text(json.dumps(inertia, indent=1) + "\n")
