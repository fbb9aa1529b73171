/// An API that clients speak, or a set of routes of our own: a folder's routes, the form of its errors, and its description.
///
/// What a shape needs beside its folder is a line in ``RouteTable/shapes``.
package struct Shape: Sendable {
    /// In the order of the list at `/`; their errors have the shape's form, but for those of probes, which have none of their own.
    package let routes: [Route]
    /// The form of errors at its routes, and at unknown paths below ``start``.
    let errors: ErrorForm
    /// The beginning of paths that all are this shape's, with a route or without; nil if there is none.
    package let start: String?
    /// What people wrote of it for the API's document: the JSON files of `Document/Parts` that are its own.
    let parts: [[UInt8]]

    init(
        _ routes: [Route],
        errors: ErrorForm = .plain,
        start: String? = nil,
        describedBy parts: [UInt8]...
    ) {
        self.routes = routes.map { $0.state == nil ? $0.told(in: errors) : $0 }
        self.errors = errors
        self.start = start
        self.parts = parts
    }
}
