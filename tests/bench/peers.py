"""The peers' side of each comparison: the shortest program that does the job with that library.

Usage: peers.py NAME ARGUMENT, with a folder of images or a file of vectors.
"""

import sys
from multiprocessing import Pool
from pathlib import Path


def images(folder):
    """The images of a folder, in order."""
    return sorted(str(path) for path in Path(folder).iterdir())


def imagededup_phash(folder):
    """imagededup's PHash, with its own search, keeping one of each group."""
    from imagededup.methods import PHash

    return len(PHash(verbose=False).find_duplicates_to_remove(image_dir=folder, max_distance_threshold=10))


def hash_one(path):
    """imagehash's pHash of one file."""
    import imagehash
    from PIL import Image

    return int(str(imagehash.phash(Image.open(path))), 16)


def imagehash_pool(folder):
    """imagehash in two processes, and all pairs."""
    with Pool(2) as pool:
        hashes = pool.map(hash_one, images(folder), chunksize=8)
    kept = []
    for value in hashes:
        if all((value ^ other).bit_count() > 10 for other in kept):
            kept.append(value)
    return len(kept)


def opencv_one(path):
    """Sharpness, brightness and contrast of one file, as scripts do it."""
    import cv2

    cv2.setNumThreads(1)
    gray = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2GRAY)
    return cv2.Laplacian(gray, cv2.CV_64F).var(), gray.mean(), gray.std()


def opencv_pool(folder):
    """The OpenCV loop in two processes."""
    with Pool(2) as pool:
        return len(pool.map(opencv_one, images(folder), chunksize=8))


def cleanvision_all(folder):
    """cleanvision, all issues."""
    from cleanvision import Imagelab

    lab = Imagelab(data_path=folder)
    lab.find_issues(n_jobs=2, verbose=False)
    return len(lab.issues)


def sklearn_kmeans(vectors):
    """scikit-learn's k-means, 50 clusters, one start."""
    import numpy
    from sklearn.cluster import KMeans

    return KMeans(50, n_init=1, max_iter=100, random_state=0).fit(numpy.load(vectors)).n_iter_


def faiss_kmeans(vectors):
    """faiss's k-means, 50 clusters, one start."""
    import faiss
    import numpy

    points = numpy.load(vectors)
    kmeans = faiss.Kmeans(points.shape[1], 50, niter=100, seed=0, max_points_per_centroid=1 << 30)
    kmeans.train(points)
    return kmeans.index.search(points, 1)[1].shape[0]


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
