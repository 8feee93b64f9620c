"""Products of flight dynamics: what they are called, kept as files that never change, and sent to partners in parts."""

from .copies import copy_store, store_files
from .displayed import check_data
from .model import COLLECTION, GRADES, KINDS, MEDIA, Draft, File, Product, product_of
from .naming import Names, read_names
from .orbits import orbit_data
from .parts import PART_OCTETS, Incoming, Part, parts_of, subject_of_products
from .store import MOST_FILES, MOST_OCTETS, ProductStore, Sought

__all__ = [
    "COLLECTION", "GRADES", "KINDS", "MEDIA", "MOST_FILES", "MOST_OCTETS", "PART_OCTETS", "Draft", "File", "Incoming", "Names",
    "Part", "Product", "ProductStore", "Sought", "check_data", "copy_store", "orbit_data", "parts_of", "product_of", "read_names",
    "store_files", "subject_of_products",
]  # fmt: skip
