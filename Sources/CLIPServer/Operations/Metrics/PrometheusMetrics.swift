import CLIPEngine
public import CoreMetrics
import Synchronization

/// A backend of swift-metrics whose numbers Prometheus scrapes at `/metrics`.
///
/// Hand one to ``EmbeddingServer`` and to the `EngineConfiguration` of its engine, so that `/metrics` tells of both; what the rest of
/// the program counts with it stands there, too. Timers become histograms of seconds, recorders histograms, or gauges where they do
/// not aggregate. A name that Prometheus would not take has underscores in place of what is wrong with it.
public final class PrometheusMetrics: MetricsFactory {
    private enum Series {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)

        var kind: MetricDescription.Kind {
            switch self {
            case .counter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
        }

        func isBacked(by handler: AnyObject) -> Bool {
            switch self {
            case .counter(let series): series === handler
            case .gauge(let series): series === handler
            case .histogram(let series): series === handler
            }
        }
    }

    private struct Family {
        let kind: MetricDescription.Kind
        /// By labels, as they are written.
        var series: [String: Series] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    /// An empty one.
    public init() {}

    /// Upper bounds for seconds: from a caption's way through the tokenizer to what a request may take at most.
    private static let seconds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
        60,
    ]
    /// Upper bounds for what is counted.
    private static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

    // MARK: What swift-metrics asks for

    /// A counter; the same one for the same labels.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A gauge; the same one for the same labels.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A histogram, or a gauge where values are not aggregated; the same one for the same labels.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate { return histogram(label, dimensions, Self.counts) ?? NOOPMetricsHandler.instance }
        return gauge(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A histogram of seconds; the same one for the same labels.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, Self.seconds) ?? NOOPMetricsHandler.instance
    }

    /// Forgets a counter.
    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    /// Forgets a gauge.
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    /// Forgets a recorder.
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    /// Forgets a timer.
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    private func forget(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                guard let labels = family.series.first(where: { $0.value.isBacked(by: handler) })?.key else {
                    continue
                }
                families[name]?.series[labels] = nil
                if family.series.count == 1 { families[name] = nil }
            }
        }
    }

    // MARK: Series

    /// Nil where the name is already that of another kind.
    func counter(_ name: String, _ labels: [(String, String)] = []) -> CounterSeries? {
        guard case .counter(let series) = series(name, labels, .counter, { .counter(CounterSeries()) }) else {
            return nil
        }
        return series
    }

    private func gauge(_ name: String, _ labels: [(String, String)]) -> GaugeSeries? {
        guard case .gauge(let series) = series(name, labels, .gauge, { .gauge(GaugeSeries()) }) else {
            return nil
        }
        return series
    }

    /// A histogram of seconds.
    func timer(_ name: String, _ labels: [(String, String)] = []) -> HistogramSeries? {
        histogram(name, labels, Self.seconds)
    }

    private func histogram(
        _ name: String,
        _ labels: [(String, String)],
        _ bounds: [Double]
    ) -> HistogramSeries? {
        let made = series(name, labels, .histogram) { .histogram(HistogramSeries(bounds: bounds)) }
        guard case .histogram(let series) = made else { return nil }
        return series
    }

    private func series(
        _ name: String,
        _ labels: [(String, String)],
        _ kind: MetricDescription.Kind,
        _ make: () -> Series
    ) -> Series? {
        let (name, labels) = (PrometheusText.name(name), PrometheusText.labels(labels))
        return families.withLock { families in
            let family = families[name, default: Family(kind: kind)]
            guard family.kind == kind else { return nil }
            if let known = family.series[labels] { return known }
            let new = make()
            families[name, default: family].series[labels] = new
            return new
        }
    }

    // MARK: The scrape

    /// What a scrape has of it.
    package var text: String {
        var text = PrometheusText()
        write(to: &text) { _ in nil }
        return text.text
    }

    /// Writes all that was counted, in the order of names.
    func write(to text: inout PrometheusText, help: (String) -> String?) {
        let families = families.withLock { $0 }
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.begin(name, family.kind, help: help(name) ?? "What the program around the server counts.")
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                switch series {
                case .counter(let counter): text.sample(name, labels, "\(counter.value)")
                case .gauge(let gauge): text.sample(name, labels, PrometheusText.number(gauge.value))
                case .histogram(let histogram): text.histogram(name, labels, histogram)
                }
            }
        }
    }
}
