namespace miniatura {}
