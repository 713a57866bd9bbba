"""How good does this picture look?"""
