import CLIPEngine

/// The health of KServe's Open Inference Protocol, for its probes and for Triton's clients.
///
/// Source: Open Inference Protocol 2.0, "Health".
package enum KServeRoutes {
    package static let shape = Shape(
        [
            Route(probe: "/v2/health/live") {
                answer("live", Operations.health(problem: $0.engine.healthProblem))
            },
            Route(probe: "/v2/health/ready") { answer("ready", Operations.readiness(of: $0)) },
        ],
        describedBy: PackageResources.kserve_json
    )

    private static func answer(_ name: String, _ state: Answer) -> Answer {
        let body = JSONWriter.object { $0.member(name) { $0.boolean(state.status == 200) } }
        guard let cause = state.cause else { return Answer(body) }
        return Answer(body, refusedWith: state.status, cause: cause)
    }
}
