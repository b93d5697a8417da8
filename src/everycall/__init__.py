"""Everycall: computer-aided dispatch in which every call for help is answered for."""
