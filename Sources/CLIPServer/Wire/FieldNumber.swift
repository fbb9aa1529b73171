package import CLIPJSON

/// What a field that is a number may be, in a JSON body, a query or a form.
package enum FieldNumber {
    /// Why a value is no such number.
    package struct Refusal: Error, Equatable {
        package let kind: FieldProblem.Kind

        package init(_ kind: FieldProblem.Kind) {
            self.kind = kind
        }
    }

    /// A value that has to be a whole number within bounds.
    package static func integer(
        _ value: JSONValue,
        least: Int,
        most: Int = .max
    ) -> Result<Int, Refusal> {
        guard let number = value.wholeNumber else { return .failure(Refusal(.notAnInteger)) }
        guard number >= least else { return .failure(Refusal(.tooSmall(least: least))) }
        guard number <= most else { return .failure(Refusal(.tooLarge(most: most))) }
        return .success(number)
    }

    /// A value that has to be a finite number.
    package static func finite(_ value: JSONValue) -> Result<Double, Refusal> {
        guard let number = value.number else { return .failure(Refusal(.notANumber)) }
        return number.isFinite ? .success(number) : .failure(Refusal(.notFinite))
    }

    /// The value of a field that is a mere text, of a query or a form: a number as JSON writes it (RFC 8259, section 6), or none.
    package static func value(_ text: String) -> JSONValue { JSONDocument.number(text) ?? .null }
}

extension FieldProblems {
    /// The number, or nil where it was refused, which is noted.
    mutating func value<Number>(
        _ number: Result<Number, FieldNumber.Refusal>,
        at location: [FieldProblem.Step]
    ) -> Number? {
        switch number {
        case .success(let number): return number
        case .failure(let refusal):
            add(refusal.kind, at: location)
            return nil
        }
    }
}
