package import CLIPEngine

extension Operations {
    /// The route that Prometheus scrapes.
    package static let metrics = Route("/metrics", ["GET", "HEAD"]) { (context, _) throws(APIError) in
        var answer = Answer(Array(scrape(of: context).utf8))
        answer.contentType = PrometheusText.contentType
        return answer
    }

    /// All metrics that ``scrape(of:)`` may contain.
    package static let metricDescriptions: [MetricDescription] =
        EngineMetrics.descriptions + ServerMetrics.descriptions + StateMetric.allCases.map(\.description)

    private static let help = Dictionary(
        uniqueKeysWithValues: metricDescriptions.map { ($0.name, $0.help) }
    )

    /// The counted values, and those that are read at this moment.
    private static func scrape(of context: RouteContext) -> String {
        var text = PrometheusText()
        context.metrics.registry.write(to: &text) { help[$0] }
        let statistics = context.engine.statistics
        let process = ProcessFigures.now()
        for metric in StateMetric.allCases {
            let samples = metric.samples(statistics, context, process)
            guard !samples.isEmpty else { continue }
            let description = metric.description
            text.begin(description.name, description.kind, help: description.help)
            for (values, number) in samples {
                let labels = PrometheusText.labels(Array(zip(description.labels, values)))
                text.sample(description.name, labels, PrometheusText.number(number))
            }
        }
        return text.text
    }
}
