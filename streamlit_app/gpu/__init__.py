"""What the pages of the GPU arbiter are drawn with: values in, HTML, Vega-Lite or words out."""
