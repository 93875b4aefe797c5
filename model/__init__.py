"""GANSynth: latent and pitch in, waves out. Tensors only."""
