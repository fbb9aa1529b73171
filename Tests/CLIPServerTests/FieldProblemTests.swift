import CLIPServer
import Testing

@Suite("Problems of fields")
struct FieldProblemTests {
    @Test(
        "Every problem of a field has pydantic's name and sentence",
        arguments: [
            (.missing, "missing", "Field required"),
            (.notAString, "string_type", "Input should be a valid string"),
            (.notAList, "list_type", "Input should be a valid list"),
            (.notAMapping, "dict_type", "Input should be a valid dictionary"),
            (.notAModel(className: "X"), "model_type", "Input should be a valid dictionary or instance of X"),
            (
                .notABody, "model_attributes_type",
                "Input should be a valid dictionary or object to extract fields from"
            ),
            (.notABoolean, "bool_type", "Input should be a valid boolean"),
            (
                .unreadableBoolean, "bool_parsing",
                "Input should be a valid boolean, unable to interpret input"
            ),
            (.notANumber, "float_type", "Input should be a valid number"),
            (
                .unreadableNumber, "float_parsing",
                "Input should be a valid number, unable to parse string as a number"
            ),
            (.notAnInteger, "int_type", "Input should be a valid integer"),
            (
                .tooSmall(least: 1), "greater_than_equal",
                "Input should be greater than or equal to 1"
            ),
            (
                .tooLarge(most: 9), "less_than_equal",
                "Input should be less than or equal to 9"
            ),
            (.notFinite, "finite_number", "Input should be a finite number"),
            (
                .tooManyElements(count: 9, most: 8), "too_long",
                "List should have at most 8 items after validation, not 9"
            ),
            (.tooLong(most: 9), "string_too_long", "String should have at most 9 characters"),
            (.wrongValue("one is wanted"), "value_error", "Value error, one is wanted"),
            (.notJSON(reason: "r"), "json_invalid", "JSON decode error"),
        ] as [(FieldProblem.Kind, String, String)]
    )
    func problem(kind: FieldProblem.Kind, type: String, message: String) {
        let problem = FieldProblem(kind, at: ["body", .index(3)])
        #expect(problem.type == type)
        #expect(problem.message == message)
        var writer = JSONWriter()
        problem.write(to: &writer)
        let context =
            switch kind {
            case .notJSON: #""input":{},"ctx":{"error":"r"}"#
            case .notAModel: #""input":null,"ctx":{"class_name":"X"}"#
            case .tooSmall: #""input":null,"ctx":{"ge":1}"#
            case .tooLarge: #""input":null,"ctx":{"le":9}"#
            case .tooLong: #""input":null,"ctx":{"max_length":9}"#
            case .tooManyElements:
                #""input":null,"ctx":{"field_type":"List","max_length":8,"actual_length":9}"#
            case .wrongValue: #""input":null,"ctx":{"error":{}}"#
            default: #""input":null"#
            }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"type":"\#(type)","loc":["body",3],"msg":"\#(message)",\#(context)}"#
        )
    }
}
