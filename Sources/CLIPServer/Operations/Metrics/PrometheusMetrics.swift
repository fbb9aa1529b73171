import CLIPEngine
public import CoreMetrics
import Synchronization

/// A backend of swift-metrics whose values Prometheus scrapes at `/metrics`.
///
/// Pass one to ``EmbeddingServer`` and to the `EngineConfiguration` of its engine, so that `/metrics` has the metrics
/// of both; what the rest of the program counts with it appears as well. Timers become histograms of seconds. Recorders
/// become histograms, or gauges if they do not aggregate. Characters that Prometheus does not allow in a name become
/// underscores.
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
        /// The series by their labels, as Prometheus writes these.
        var series: [String: Series] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    /// A backend without values.
    public init() {}

    /// Upper bounds for seconds: from the tokenizer's time for a caption to the longest time of a request.
    private static let seconds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
        60,
    ]
    /// Upper bounds for counts.
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

    /// Nil if the name already belongs to a metric of another kind.
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

    /// The text of a scrape.
    package var text: String {
        var text = PrometheusText()
        write(to: &text) { _ in nil }
        return text.text
    }

    /// Writes all values, in the order of names.
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
