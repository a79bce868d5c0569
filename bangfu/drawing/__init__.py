"""A procedure as a picture: one chart, drawn as SVG, Mermaid text or BPMN 2.0."""
