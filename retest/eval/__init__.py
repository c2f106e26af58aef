"""The yardstick: claims whose newer papers are known, run as a seed's claims are, and the answers measured."""
