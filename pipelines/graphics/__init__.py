"""From a finished picture to a graphic: cut out with true alpha, reduced to flat colours, traced as SVG."""
