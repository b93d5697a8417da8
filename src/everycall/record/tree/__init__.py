"""The tree: hashes, proofs, tiles and signed heads by which outsiders check a log without trusting who keeps it.

What lives here works on bytes and hashes and keeps no state (only `key_files` touches the disk); nothing here may know
how a record is stored or what an entry means.
"""

from everycall.record.tree.checkpoint import Checkpoint
from everycall.record.tree.cosignature import cosign
from everycall.record.tree.edge import TiledEdge
from everycall.record.tree.errors import (
    Fault,
    InvalidCheckpoint,
    InvalidFrontier,
    InvalidKey,
    InvalidNote,
    InvalidProof,
    InvalidTile,
    KeyFileExists,
    KeyFileExposed,
    KeyFileUnreadable,
    TreeError,
    UnverifiedNote,
)
from everycall.record.tree.frontier import Frontier
from everycall.record.tree.hashes import EMPTY_ROOT, HASH_BYTES, LARGEST_SIZE, leaf_hash, node_hash
from everycall.record.tree.key_files import read_signing_key, write_signing_key
from everycall.record.tree.keys import Algorithm, SigningKey, VerifierKey
from everycall.record.tree.note import Note, SignatureLine
from everycall.record.tree.proof_text import ProofFile, read_hash_lines, write_hash_lines
from everycall.record.tree.proofs import (
    make_consistency_proof,
    make_inclusion_proof,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from everycall.record.tree.signing import (
    VerifiedCheckpoint,
    VerifiedNote,
    VerifiedSignature,
    open_checkpoint,
    sign,
    sign_note,
    verify_note,
    with_signatures,
)
from everycall.record.tree.tile_reader import Fetch, TileReader
from everycall.record.tree.tiles import TILE_WIDTH, Bundle, Tile, bundles_written, edge_tiles, tiles_written

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "LARGEST_SIZE",
    "TILE_WIDTH",
    "Algorithm",
    "Bundle",
    "Checkpoint",
    "Fault",
    "Fetch",
    "Frontier",
    "InvalidCheckpoint",
    "InvalidFrontier",
    "InvalidKey",
    "InvalidNote",
    "InvalidProof",
    "InvalidTile",
    "KeyFileExists",
    "KeyFileExposed",
    "KeyFileUnreadable",
    "Note",
    "ProofFile",
    "SignatureLine",
    "SigningKey",
    "Tile",
    "TileReader",
    "TiledEdge",
    "TreeError",
    "UnverifiedNote",
    "VerifiedCheckpoint",
    "VerifiedNote",
    "VerifiedSignature",
    "VerifierKey",
    "bundles_written",
    "cosign",
    "edge_tiles",
    "leaf_hash",
    "make_consistency_proof",
    "make_inclusion_proof",
    "node_hash",
    "open_checkpoint",
    "read_hash_lines",
    "read_signing_key",
    "root_from_inclusion",
    "sign",
    "sign_note",
    "tiles_written",
    "verify_consistency",
    "verify_inclusion",
    "verify_note",
    "with_signatures",
    "write_hash_lines",
    "write_signing_key",
]
