// The chart of pins, drawn by uPlot. Loaded when the chart is first shown.
export {};
