"""The things that texts describe: a table of domains, their fields, and how people say each field.

In a phrase ``{}`` stands for the value.  `say` completes a sentence after the subject
(“Ada … *is 36 years old*”), `brief` stands alone between commas (“Ada, *36*”), `ask`
completes a question about the subject ``{s}``.  The first key is the usual one, the
others are synonyms a schema may use.  This module holds data only.
"""

from __future__ import annotations

from dataclasses import dataclass

from pocket_data import values as v
from pocket_data import words as w


@dataclass(frozen=True)
class Field:
    """One thing that can be known about a subject."""

    keys: tuple[str, ...]
    maker: v.Maker
    say: tuple[str, ...]
    brief: tuple[str, ...] = ()
    ask: str = ""
    deny: tuple[str, ...] = ()  # the phrases for False, when the field is a boolean


@dataclass(frozen=True)
class Domain:
    """A kind of subject: what it is called, the field that names it, and everything else."""

    nouns: tuple[str, ...]
    subject: Field
    fields: tuple[Field, ...]
    pronouns: tuple[str, ...] = ("It",)
    lead: tuple[str, ...] = ("{}",)  # how the first sentence names the subject


def _field(keys: str, maker: v.Maker, say: str, brief: str = "", ask: str = "", deny: str = "") -> Field:
    def split(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split("|") if part.strip())

    return Field(tuple(keys.split()), maker, split(say), split(brief), ask, split(deny))


def _people(*fields: Field) -> tuple[Field, ...]:
    return fields


# One field a line reads as a table; the formatter would take five.
# fmt: off
AGE = _field("age years age_years", v.integer(1, 99), "is {} years old | is {} | is aged {} | turned {} this year | just turned {}",
             "{} | {} years old | aged {} | age {}", "How old is {s}?")
CITY = _field("city location town residence lives_in home", v.CITY,
              "lives in {} | is based in {} | moved to {} | comes from {} | resides in {} | is from {} | has a flat in {}",
              "lives in {} | from {} | based in {} | {}", "Where does {s} live?")
EMAIL = _field("email mail email_address contact_email", v.EMAIL,
               "can be reached at {} | has the email {} | uses the address {} | writes from {} | gets mail at {}",
               "{} | email {} | mail: {}", "What is the email of {s}?")
PHONE = _field("phone phone_number telephone tel mobile", v.PHONE,
               "can be called at {} | has the phone number {} | answers the phone at {} | is on {}",
               "phone {} | tel. {} | call {}", "What is the phone number of {s}?")
COUNTRY = _field("country nation country_name", v.words_from(w.COUNTRIES), "comes from the country {} | has a passport from {} | is a citizen of {}",
                 "country: {} | citizen of {}", "Which country is {s} from?")

PERSON = Domain(
    ("person", "contact", "user", "profile", "individual"),
    _field("name full_name person person_name fullName", v.PERSON, "is named {}", "{}", "What is the name?"),
    _people(
        AGE, CITY, EMAIL, PHONE, COUNTRY,
        _field("job occupation profession role work job_title", v.words_from(w.JOBS),
               "works as a {} | is a {} | has a job as a {} | earns a living as a {} | is employed as a {}", "{} | a {} | works as a {}",
               "What is the job of {s}?"),
        _field("company employer organization works_for", v.COMPANY, "works for {} | works at {} | is employed by {} | joined {}",
               "at {} | works for {} | with {}", "Who does {s} work for?"),
        _field("birth_date born date_of_birth birthday birthDate", v.DATE, "was born on {} | has a birthday on {}",
               "born {} | born on {}", "When was {s} born?"),
        _field("married is_married", v.boolean(), "is married | has a spouse", "married", "Is {s} married?", "is not married | is single"),
        _field("hobbies interests likes", v.listing(w.HOBBIES), "likes {} | enjoys {} | spends weekends on {} | is fond of {}",
               "likes {} | enjoys {} | hobbies: {}", "What does {s} like?"),
        _field("languages speaks spoken_languages", v.listing(w.LANGUAGES, 1, 3), "speaks {} | is fluent in {} | knows {}",
               "speaks {} | fluent in {}", "Which languages does {s} speak?"),
        _field("skills abilities", v.listing(w.SKILLS), "is good at {} | has experience with {} | knows about {}",
               "skills: {} | good at {}", "What is {s} good at?"),
        _field("children kids number_of_children", v.integer(0, 6), "has {} children | is raising {} children", "{} children", "How many children does {s} have?"),
        _field("height height_cm", v.integer(140, 205), "is {} cm tall | measures {} cm", "{} cm | {} cm tall", "How tall is {s}?"),
    ),
    ("She", "He", "They"),
    ("{}", "{}", "{}", "My friend {}", "Our neighbour {}", "A person called {}", "This is about {}, who"),
)
EMPLOYEE = Domain(
    ("employee", "staff member", "worker", "colleague"),
    _field("name employee_name full_name", v.PERSON, "is named {}", "{}", "What is the name of the employee?"),
    _people(
        AGE, EMAIL, PHONE,
        _field("department team unit", v.enum("sales", "finance", "support", "research", "marketing", "legal", "operations"),
               "works in {} | belongs to the {} team | joined the {} department", "{} | {} department | in {}", "Which department is {s} in?"),
        _field("salary pay annual_salary", v.integer(18000, 190000), "earns {} a year | has a salary of {} | is paid {} dollars per year",
               "salary {} | {} per year", "What does {s} earn?"),
        _field("start_date hired_on joined since", v.DATE, "started on {} | was hired on {} | has been here since {}", "since {} | started {}",
               "When did {s} start?"),
        _field("employee_id id badge staff_id", v.CODE, "has the badge {} | carries employee id {} | is registered as {}", "id {} | badge {}",
               "What is the id of {s}?"),
        _field("manager boss reports_to supervisor", v.PERSON, "reports to {} | is managed by {} | works under {}", "manager {} | reports to {}",
               "Who is the manager of {s}?"),
        _field("remote works_remotely is_remote", v.boolean(), "works remotely | works from home", "remote", "Does {s} work remotely?",
               "works in the office | does not work remotely"),
        _field("level seniority", v.enum("junior", "mid", "senior", "lead"), "is at {} level | holds a {} position", "{} | {} level",
               "What level is {s}?"),
        _field("skills expertise", v.listing(w.SKILLS), "is good at {} | has experience with {}", "skills: {}", "What is {s} good at?"),
    ),
    ("She", "He", "They"),
    ("{}", "{}", "Our colleague {}", "The new hire {}"),
)
PRODUCT = Domain(
    ("product", "item", "article", "listing"),
    _field("name product title item product_name", v.ITEM, "is called {}", "{}", "What is the product?"),
    (
        _field("price cost unit_price amount", v.decimal(1, 900), "costs ${} | sells for {} dollars | is priced at ${} | is on offer for ${} | goes for {} euros",
               "${} | {} dollars | price {} | {} EUR", "What does {s} cost?"),
        _field("stock quantity in_stock_count units available_units", v.integer(0, 500), "has {} units in stock | is stocked {} times | has {} left",
               "{} in stock | {} left | stock: {}", "How many units of {s} are in stock?"),
        _field("color colour", v.words_from(w.COLORS), "comes in {} | is {} | has a {} finish | is painted {}", "{} | in {}", "What color is {s}?"),
        _field("material made_of", v.words_from(w.MATERIALS), "is made of {} | is built from {}", "made of {} | {}", "What is {s} made of?"),
        _field("weight weight_kg mass", v.decimal(0, 40, 1), "weighs {} kg | has a weight of {} kg", "{} kg", "How heavy is {s}?"),
        _field("sku code product_code article_number", v.CODE, "has the code {} | is listed as {} | carries the number {}", "code {} | no. {} | SKU {}", "What is the code of {s}?"),
        _field("brand manufacturer maker vendor", v.COMPANY, "is made by {} | comes from the brand {} | is sold by {}", "by {} | brand {}", "Who makes {s}?"),
        _field("rating stars score", v.decimal(1, 4, 1), "is rated {} stars | has a rating of {} | scores {} out of 5", "{} stars | rated {}", "What is the rating of {s}?"),
        _field("category type kind", v.enum("kitchen", "office", "garden", "sports", "toys", "electronics", "clothing"),
               "belongs to the {} section | is sold under {} | is filed under {}", "{} | category {}", "Which category is {s} in?"),
        _field("available in_stock is_available", v.boolean(), "is available now | can be bought today", "available", "Is {s} available?",
               "is sold out | is not available"),
        _field("sizes available_sizes", v.listing(("XS", "S", "M", "L", "XL"), 1, 4), "comes in sizes {} | is offered in {}", "sizes {}", "Which sizes does {s} come in?"),
        _field("condition state", v.enum("new", "used", "refurbished"), "is {} | is sold as {} | is in {} condition", "{} | {} condition", "What condition is {s} in?"),
        _field("warranty_years warranty", v.integer(1, 10), "has {} years of warranty | is covered for {} years", "{} years warranty", "How many years of warranty has {s}?"),
    ),
    ("It",),
    ("The {}", "The {}", "{}", "Our {}", "For sale: the {}, which"),
)
ORDER = Domain(
    ("order", "purchase", "shipment", "delivery"),
    _field("order_id id order_number number orderId", v.CODE, "has the number {}", "order {} | #{}", "What is the order number?"),
    (
        _field("customer buyer customer_name client ordered_by", v.PERSON, "was placed by {} | is for {} | goes to {} | was made by {}", "for {} | customer {} | by {}", "Who placed {s}?"),
        _field("total amount price total_price sum", v.decimal(3, 2000), "costs ${} in total | comes to {} dollars | has a total of ${} | amounts to {} euros",
               "total ${} | ${} | {} dollars", "What is the total of {s}?"),
        _field("quantity count units number_of_items", v.integer(1, 60), "contains {} pieces | has {} items | covers {} units", "{} pieces | {} items", "How many items are in {s}?"),
        _field("product item article goods", v.ITEM, "is for one {} | contains the {} | asks for a {}", "{} | item: {}", "What is in {s}?"),
        _field("status state order_status", v.enum("pending", "paid", "shipped", "delivered", "cancelled", "returned"),
               "is {} | has been marked {} | is currently {} | was {} today", "{} | status {}", "What is the status of {s}?"),
        _field("date order_date placed_on ordered_at", v.DATE, "was placed on {} | was ordered on {} | dates from {}", "{} | placed {} | dated {}", "When was {s} placed?"),
        _field("delivery_date arrives_on due expected", v.DATE, "will arrive on {} | is expected on {} | should be delivered by {}", "arrives {} | due {}", "When will {s} arrive?"),
        _field("address street delivery_address ship_to", v.STREET, "ships to {} | goes to {} | is sent to {}", "to {} | ship to {}", "Where does {s} ship to?"),
        _field("payment payment_method method paid_with", v.enum("card", "cash", "invoice", "transfer", "voucher"), "was paid by {} | is paid with {}", "by {} | payment: {}", "How was {s} paid?"),
        _field("gift is_gift gift_wrap", v.boolean(), "is a gift | should be wrapped as a gift", "gift", "Is {s} a gift?", "is not a gift"),
        _field("express is_express priority", v.boolean(), "is an express order | goes by express", "express", "Is {s} express?", "goes by standard mail | is not express"),
        _field("tracking tracking_code tracking_number", v.CODE, "can be tracked as {} | has the tracking code {}", "tracking {}", "What is the tracking code of {s}?"),
    ),
    ("It", "The order"),
    ("Order {}", "The order {}", "Purchase {}"),
)
EVENT = Domain(
    ("event", "meeting", "appointment", "calendar entry"),
    _field("title event name subject summary", v.TITLE, "is called {}", "{}", "What is the event called?"),
    (
        _field("date day on event_date", v.DATE, "takes place on {} | is on {} | is scheduled for {} | happens on {} | was moved to {}", "{} | on {}", "When is {s}?"),
        _field("time start start_time starts_at", v.TIME, "starts at {} | begins at {} | opens at {}", "{} | at {} | start {}", "At what time does {s} start?"),
        _field("location place venue where city", v.CITY, "is held in {} | takes place in {} | will be in {}", "{} | in {}", "Where is {s}?"),
        _field("attendees guests people participants_count capacity", v.integer(2, 900), "expects {} guests | has room for {} people | has {} participants",
               "{} guests | {} people", "How many people attend {s}?"),
        _field("organizer host organized_by contact", v.PERSON, "is organized by {} | is hosted by {} | is run by {}", "host {} | organized by {} | with {}", "Who organizes {s}?"),
        _field("duration duration_minutes minutes length", v.integer(10, 240), "lasts {} minutes | takes {} minutes | runs for {} minutes", "{} minutes | {} min", "How many minutes does {s} last?"),
        _field("online virtual is_online remote", v.boolean(), "is held online | is a video call", "online", "Is {s} online?", "is in person | is not online"),
        _field("participants invited speakers members", v.listing(v.first_name, 1, 4), "includes {} | is attended by {} | brings together {}", "with {} | participants: {}", "Who takes part in {s}?"),
        _field("room hall", v.CODE, "is in room {} | uses room {}", "room {}", "Which room is {s} in?"),
        _field("weekday day_of_week", v.words_from(w.DAYS), "is on a {} | falls on {}", "{} | on {}", "Which weekday is {s}?"),
        _field("price fee ticket_price", v.integer(5, 200), "costs {} euros | has a fee of {} dollars | has tickets for ${}", "${} | fee {}", "What does {s} cost?"),
        _field("priority importance", v.enum("low", "medium", "high"), "has {} priority | is of {} importance", "{} priority", "What priority has {s}?"),
    ),
    ("It", "The event"),
    ("{}", "The event {}", "The meeting “{}”", "{}"),
)
WORK = Domain(
    ("book", "film", "song", "album"),
    _field("title name book movie", v.TITLE, "is titled {}", "{}", "What is the title?"),
    (
        _field("author writer director artist by creator", v.PERSON, "was written by {} | was made by {} | is by {} | was created by {}", "by {} | author {}", "Who made {s}?"),
        _field("year published released year_published", v.integer(1800, 2030), "came out in {} | was published in {} | appeared in {} | dates from {}", "{} | published {} | ({})", "In which year did {s} come out?"),
        _field("genre category kind", v.words_from(w.GENRES), "is a {} | is a work of {} | belongs to the genre {}", "{} | genre {}", "What genre is {s}?"),
        _field("pages page_count length", v.integer(40, 1200), "has {} pages | runs to {} pages", "{} pages", "How many pages has {s}?"),
        _field("language written_in", v.words_from(w.LANGUAGES), "is in {} | was written in {}", "in {} | {}", "In which language is {s}?"),
        _field("publisher label studio", v.COMPANY, "was published by {} | was brought out by {}", "publisher {} | {}", "Who published {s}?"),
        _field("rating score stars", v.decimal(1, 9, 1), "is rated {} | has a score of {} | got {} points", "rated {} | {} stars", "What is the rating of {s}?"),
        _field("isbn code catalog_number", v.CODE, "has the catalog number {} | is listed as {}", "no. {}", "What is the number of {s}?"),
        _field("price cost", v.decimal(3, 60), "costs ${} | sells for {} euros", "${}", "What does {s} cost?"),
        _field("tags topics keywords themes", v.listing(w.NOUNS), "is about {} | deals with {} | is tagged {}", "about {} | tags: {}", "What is {s} about?"),
        _field("available in_print", v.boolean(), "is in print | is available", "in print", "Is {s} available?", "is out of print | is not available"),
    ),
    ("It",),
    ("{}", "“{}”", "The book {}", "The film {}", "{}"),
)
TRIP = Domain(
    ("flight", "trip", "journey", "booking"),
    _field("flight flight_number number code id", v.CODE, "has the number {}", "{} | flight {}", "What is the flight number?"),
    (
        _field("origin from departure from_city start", v.CITY, "leaves from {} | departs from {} | starts in {}", "from {}", "Where does {s} leave from?"),
        _field("destination to arrival to_city target", v.CITY, "goes to {} | flies to {} | arrives in {} | lands in {} | is bound for {}", "to {}", "Where does {s} go?"),
        _field("date departure_date day travel_date", v.DATE, "leaves on {} | is on {} | departs on {}", "{} | on {}", "When is {s}?"),
        _field("time departure_time departs_at", v.TIME, "leaves at {} | departs at {} | takes off at {}", "{} | at {}", "At what time does {s} leave?"),
        _field("passenger traveller name customer", v.PERSON, "is booked for {} | carries the passenger {} | was booked by {}", "passenger {} | for {}", "Who is the passenger of {s}?"),
        _field("seat seat_number", v.CODE, "has seat {} reserved | comes with seat {}", "seat {}", "Which seat is booked on {s}?"),
        _field("class cabin travel_class", v.enum("economy", "business", "first"), "is in {} class | is booked in {}", "{} class | {}", "Which class is {s}?"),
        _field("price fare cost", v.decimal(30, 2500), "costs ${} | has a fare of {} euros", "${} | fare {}", "What does {s} cost?"),
        _field("passengers travellers people seats", v.integer(1, 9), "is for {} passengers | carries {} people | is booked for {} people", "{} passengers | {} people", "How many people are on {s}?"),
        _field("airline carrier operator", v.COMPANY, "is operated by {} | is run by {}", "{} | with {}", "Who operates {s}?"),
        _field("direct nonstop", v.boolean(), "is direct | does not stop on the way", "direct", "Is {s} direct?", "is not direct | has one stop"),
        _field("gate", v.CODE, "leaves from gate {} | boards at gate {}", "gate {}", "Which gate does {s} leave from?"),
    ),
    ("It", "The flight"),
    ("Flight {}", "The flight {}", "Trip {}"),
)
TICKET = Domain(
    ("ticket", "bug report", "issue", "support request"),
    _field("id ticket ticket_id key number", v.CODE, "has the number {}", "{} | ticket {} | #{}", "What is the ticket number?"),
    (
        _field("title summary subject description problem", v.PHRASE, "says: {} | is about this: {} | asks us to do this: {}", "{} | subject: {}", "What is {s} about?"),
        _field("priority severity urgency", v.enum("low", "medium", "high", "critical"), "has {} priority | is of {} severity | is marked {}", "{} priority | {} | priority: {}", "What is the priority of {s}?"),
        _field("status state", v.enum("open", "closed", "in_progress", "blocked", "resolved"), "is {} | is currently {} | was set to {}", "{} | status {}", "What is the status of {s}?"),
        _field("assignee owner assigned_to responsible", v.PERSON, "is assigned to {} | is handled by {} | belongs to {} | was taken by {}", "assigned to {} | owner {}", "Who is {s} assigned to?"),
        _field("reporter author opened_by customer", v.PERSON, "was reported by {} | was opened by {} | comes from {}", "from {} | reported by {}", "Who reported {s}?"),
        _field("created opened date created_at reported_on", v.DATE, "was opened on {} | was created on {} | dates from {}", "opened {} | {}", "When was {s} opened?"),
        _field("due due_date deadline", v.DATE, "is due on {} | must be done by {}", "due {} | deadline {}", "When is {s} due?"),
        _field("version release build", v.CODE, "affects version {} | was seen in build {}", "version {} | build {}", "Which version does {s} affect?"),
        _field("labels tags", v.listing(w.NOUNS, 1, 3), "is tagged {} | has the labels {}", "labels: {} | tags {}", "What are the labels of {s}?"),
        _field("hours estimate estimated_hours effort", v.integer(1, 80), "will take {} hours | is estimated at {} hours", "{} hours | estimate {} h", "How many hours will {s} take?"),
        _field("comments votes comment_count", v.integer(0, 99), "has {} comments | drew {} comments", "{} comments", "How many comments has {s}?"),
        _field("resolved fixed done is_done", v.boolean(), "has been fixed | is done", "fixed", "Is {s} fixed?", "is not fixed yet | is still broken"),
        _field("email reporter_email contact", v.EMAIL, "was sent from {} | can be answered at {}", "from {} | {}", "Which address was {s} sent from?"),
    ),
    ("It", "The ticket"),
    ("Ticket {}", "Issue {}", "The ticket {}", "Bug {}"),
)
COMPANY = Domain(
    ("company", "business", "organization", "firm"),
    _field("name company company_name organization", v.COMPANY, "is named {}", "{}", "What is the company called?"),
    (
        _field("city headquarters location based_in", v.CITY, "is based in {} | has its office in {} | has its headquarters in {}", "{} | based in {} | from {}", "Where is {s} based?"),
        _field("founded year founded_in established", v.integer(1850, 2025), "was founded in {} | has existed since {} | started in {}", "founded {} | since {}", "When was {s} founded?"),
        _field("employees staff employee_count size headcount", v.integer(2, 90000), "has {} employees | employs {} people | has a staff of {}", "{} employees | staff of {}", "How many people work at {s}?"),
        _field("ceo director founder head", v.PERSON, "is led by {} | is run by {} | has {} as director", "led by {} | CEO {}", "Who leads {s}?"),
        _field("revenue turnover sales", v.decimal(1, 900, 1), "made {} million dollars | has a revenue of {} million", "revenue {} million", "What is the revenue of {s}?"),
        _field("industry sector field", v.enum("software", "food", "energy", "transport", "finance", "fashion", "health"), "works in {} | is in the {} business | belongs to the {} sector", "{} | {} sector", "What sector is {s} in?"),
        _field("website url homepage", v.URL, "has a website at {} | can be found at {}", "{} | web: {}", "What is the website of {s}?"),
        _field("products sells makes", v.listing(w.ITEMS), "makes {} | sells {}", "sells {}", "What does {s} sell?"),
        _field("public listed is_public", v.boolean(), "is listed on the stock market | is a public company", "public", "Is {s} public?", "is privately owned | is not public"),
        EMAIL, PHONE, COUNTRY,
    ),
    ("It", "The company"),
    ("{}", "The company {}", "{}"),
)
PET = Domain(
    ("pet", "animal", "patient"),
    _field("name pet pet_name", v.FIRST, "is called {}", "{}", "What is the animal called?"),
    (
        _field("species animal kind type", v.words_from(w.ANIMALS), "is a {} | is our {}", "{} | a {}", "What animal is {s}?"),
        AGE,
        _field("owner owner_name belongs_to", v.PERSON, "belongs to {} | lives with {} | is owned by {}", "owner {} | belongs to {}", "Who owns {s}?"),
        _field("color fur colour", v.words_from(w.COLORS), "is {} | has {} fur", "{}", "What color is {s}?"),
        _field("weight weight_kg", v.decimal(0, 60, 1), "weighs {} kg", "{} kg", "How heavy is {s}?"),
        _field("vaccinated is_vaccinated", v.boolean(), "is vaccinated | has had all shots", "vaccinated", "Is {s} vaccinated?", "is not vaccinated | still needs shots"),
        _field("favourite_food food eats favorite_food", v.words_from(w.FOODS), "eats {} | loves {} | prefers {}", "eats {}", "What does {s} eat?"),
        _field("visit next_visit appointment", v.DATE, "sees the vet on {} | has a visit on {}", "visit {}", "When is the next visit of {s}?"),
        _field("sex gender", v.enum("male", "female"), "is {} | is a {}", "{}", "Is {s} male or female?"),
    ),
    ("She", "He", "It"),
    ("{}", "Our pet {}", "Little {}", "{}"),
)
RECIPE = Domain(
    ("recipe", "dish", "meal"),
    _field("dish name recipe title", v.Maker(lambda d: v.Value(*([f"{d.pick(w.INGREDIENTS)} {d.pick(w.FOODS)}"] * 2))), "is called {}", "{}", "What is the dish?"),
    (
        _field("ingredients needs items", v.listing(w.INGREDIENTS, 2, 5), "needs {} | is made with {} | contains {}", "with {} | ingredients: {}", "What does {s} contain?"),
        _field("minutes time cooking_time duration", v.integer(5, 180), "takes {} minutes | is ready in {} minutes | cooks for {} minutes", "{} minutes | {} min", "How many minutes does {s} take?"),
        _field("servings portions serves", v.integer(1, 12), "serves {} people | makes {} portions | is enough for {}", "serves {} | {} portions", "How many people does {s} serve?"),
        _field("calories kcal energy", v.integer(80, 1500), "has {} calories | comes to {} kcal", "{} kcal | {} calories", "How many calories has {s}?"),
        _field("vegetarian is_vegetarian", v.boolean(), "is vegetarian | contains no meat", "vegetarian", "Is {s} vegetarian?", "is not vegetarian | contains meat"),
        _field("difficulty level", v.enum("easy", "medium", "hard"), "is {} to make | is of {} difficulty", "{} | difficulty {}", "How difficult is {s}?"),
        _field("author cook chef", v.PERSON, "is by {} | was invented by {} | comes from {}", "by {}", "Who invented {s}?"),
        _field("temperature oven degrees", v.integer(100, 250), "bakes at {} degrees | needs an oven of {} degrees", "{} degrees", "At how many degrees does {s} bake?"),
    ),
    ("It", "The dish"),
    ("The {}", "Our {}", "A {}"),
)
PLACE = Domain(
    ("house", "apartment", "listing", "property"),
    _field("address street location", v.STREET, "is at {}", "{}", "What is the address?"),
    (
        _field("city town place", v.CITY, "is in {} | stands in {} | is located in {}", "{} | in {}", "Which city is {s} in?"),
        _field("rooms bedrooms number_of_rooms", v.integer(1, 12), "has {} rooms | comes with {} bedrooms", "{} rooms | {} bedrooms", "How many rooms has {s}?"),
        _field("rent price monthly_rent", v.integer(300, 9000), "costs {} euros a month | rents for ${} | has a rent of {}", "rent {} | ${} a month", "What is the rent of {s}?"),
        _field("area size square_meters area_m2", v.integer(18, 400), "measures {} square meters | has {} m2 | covers {} square meters", "{} m2 | {} square meters", "How large is {s}?"),
        _field("year built year_built", v.integer(1850, 2026), "was built in {} | dates from {}", "built {}", "When was {s} built?"),
        _field("furnished is_furnished", v.boolean(), "is furnished | comes with furniture", "furnished", "Is {s} furnished?", "is unfurnished | is not furnished"),
        _field("pets pets_allowed allows_pets", v.boolean(), "allows pets | welcomes pets", "pets allowed", "Does {s} allow pets?", "does not allow pets | allows no pets"),
        _field("owner landlord contact", v.PERSON, "belongs to {} | is let by {} | is owned by {}", "owner {} | contact {}", "Who owns {s}?"),
        _field("zip postcode postal_code zip_code", v.POSTCODE, "has the postcode {} | lies in {}", "{} | postcode {}", "What is the postcode of {s}?"),
        _field("available available_from free_from", v.DATE, "is free from {} | is available from {}", "from {} | free {}", "When is {s} available?"),
    ),
    ("It", "The place"),
    ("The house at {}", "The flat at {}", "{}"),
)
WEATHER = Domain(
    ("weather report", "forecast", "reading"),
    _field("city location place station", v.CITY, "is for {}", "{}", "Which city is it?"),
    (
        _field("temperature temp degrees celsius", v.Maker(lambda d: v.Value(*(lambda n: (n, str(n)))(d.rng.randint(-25, 42))), {"type": "integer"}),
               "has {} degrees | is at {} °C | reports {} degrees", "{} degrees | {} °C | temperature {}", "How warm is it in {s}?"),
        _field("condition weather sky", v.enum("sunny", "cloudy", "rainy", "snowy", "windy", "foggy"), "is {} | has {} weather | will be {}", "{}", "What is the weather in {s}?"),
        _field("humidity humidity_percent", v.integer(5, 100), "has {} percent humidity | has a humidity of {}%", "humidity {}% | {}% humidity", "What is the humidity in {s}?"),
        _field("wind wind_speed wind_kmh", v.integer(0, 140), "has winds of {} km/h | sees wind at {} km/h", "wind {} km/h", "How strong is the wind in {s}?"),
        _field("date day", v.DATE, "was measured on {} | is reported for {}", "{} | on {}", "When was {s} measured?"),
        _field("rain rain_mm precipitation", v.decimal(0, 80, 1), "expects {} mm of rain | got {} mm of rain", "{} mm of rain | rain {} mm", "How much rain is there in {s}?"),
        _field("warning alert storm_warning", v.boolean(), "has a storm warning", "storm warning", "Is there a warning for {s}?", "has no warnings"),
    ),
    ("It", "The city"),
    ("{}", "The city of {}", "Today {}"),
)
STUDENT = Domain(
    ("student", "pupil", "exam result", "course entry"),
    _field("name student student_name", v.PERSON, "is named {}", "{}", "What is the name of the student?"),
    (
        AGE, EMAIL, CITY,
        _field("subject course major class", v.words_from(w.SUBJECTS), "studies {} | takes {} | is enrolled in {}", "{} | course {} | studies {}", "What does {s} study?"),
        _field("grade mark letter_grade", v.enum("A", "B", "C", "D", "F"), "got the grade {} | received a {} | earned a {}", "grade {} | {}", "What grade did {s} get?"),
        _field("score points result", v.integer(0, 100), "scored {} points | reached {} points | got {} out of 100", "{} points | score {}", "How many points did {s} get?"),
        _field("school university college", v.COMPANY, "goes to {} | attends {}", "at {} | school {}", "Where does {s} study?"),
        _field("passed has_passed", v.boolean(), "passed the exam | has passed", "passed", "Did {s} pass?", "failed the exam | did not pass"),
        _field("semester term", v.integer(1, 12), "is in semester {} | is in term {}", "semester {}", "Which semester is {s} in?"),
        _field("teacher tutor instructor", v.PERSON, "is taught by {} | learns from {}", "teacher {}", "Who teaches {s}?"),
        _field("student_id id matriculation", v.CODE, "has the id {} | is registered under {}", "id {}", "What is the id of {s}?"),
    ),
    ("She", "He", "They"),
    ("{}", "The student {}", "{}"),
)
PAYMENT = Domain(
    ("invoice", "payment", "transaction", "receipt"),
    _field("invoice invoice_number id number reference", v.CODE, "has the number {}", "{} | invoice {} | no. {}", "What is the invoice number?"),
    (
        _field("amount total sum price", v.decimal(2, 9000), "is for ${} | amounts to {} euros | comes to ${} | asks for {} dollars", "${} | {} EUR | amount {}", "What is the amount of {s}?"),
        _field("currency", v.enum("USD", "EUR", "GBP", "JPY"), "is in {} | is paid in {}", "{} | in {}", "What currency is {s} in?"),
        _field("vendor seller from supplier issued_by", v.COMPANY, "was issued by {} | comes from {} | was sent by {}", "from {} | by {}", "Who issued {s}?"),
        _field("customer buyer to billed_to payer", v.PERSON, "is addressed to {} | was billed to {} | is paid by {}", "to {} | customer {}", "Who is {s} billed to?"),
        _field("date issued invoice_date issued_on", v.DATE, "was issued on {} | is dated {}", "{} | dated {}", "When was {s} issued?"),
        _field("due due_date pay_by", v.DATE, "is due on {} | must be paid by {}", "due {} | pay by {}", "When is {s} due?"),
        _field("paid is_paid settled", v.boolean(), "has been paid | is settled", "paid", "Is {s} paid?", "is unpaid | has not been paid"),
        _field("tax vat tax_rate", v.integer(0, 27), "includes {} percent tax | has {}% VAT", "{}% tax | VAT {}%", "What is the tax on {s}?"),
        _field("method payment_method", v.enum("card", "cash", "transfer", "cheque"), "is paid by {} | was settled by {}", "by {}", "How is {s} paid?"),
        _field("items lines item_count", v.integer(1, 40), "lists {} items | has {} lines", "{} items", "How many items are on {s}?"),
        _field("account iban account_number", v.CODE, "goes to account {} | is paid to {}", "account {}", "Which account does {s} go to?"),
    ),
    ("It", "The invoice"),
    ("Invoice {}", "The invoice {}", "Payment {}"),
)
CAR = Domain(
    ("car", "vehicle", "rental"),
    _field("plate license_plate registration id", v.CODE, "has the plate {}", "{} | plate {}", "What is the plate?"),
    (
        _field("brand make manufacturer", v.words_from(w.BRANDS), "is a {} | was built by {}", "{} | brand {}", "What make is {s}?"),
        _field("model", v.Maker(lambda d: v.Value(*([w.made_up(d.rng, d.unseen).capitalize()] * 2))), "is the model {} | is of the type {}", "model {}", "What model is {s}?"),
        _field("year built model_year", v.integer(1970, 2026), "was built in {} | dates from {} | is from {}", "{} | built {}", "When was {s} built?"),
        _field("color colour paint", v.words_from(w.COLORS), "is {} | is painted {}", "{} | in {}", "What color is {s}?"),
        _field("mileage km kilometers odometer", v.integer(10, 300000), "has run {} km | shows {} km", "{} km", "How many km has {s} run?"),
        _field("price cost value", v.integer(500, 90000), "costs {} euros | is worth ${} | sells for {} dollars", "${} | {} EUR", "What does {s} cost?"),
        _field("owner driver customer", v.PERSON, "belongs to {} | is driven by {} | is rented by {}", "owner {} | driver {}", "Who owns {s}?"),
        _field("fuel fuel_type engine", v.enum("petrol", "diesel", "electric", "hybrid"), "is {} | runs on {} | has a {} engine", "{}", "What fuel does {s} use?"),
        _field("seats doors", v.integer(2, 9), "has {} seats | seats {}", "{} seats", "How many seats has {s}?"),
        _field("automatic is_automatic", v.boolean(), "has an automatic gearbox | is automatic", "automatic", "Is {s} automatic?", "has a manual gearbox | is not automatic"),
    ),
    ("It", "The car"),
    ("The car {}", "Car {}", "Vehicle {}"),
)

DOMAINS = (PERSON, PERSON, PERSON, EMPLOYEE, PRODUCT, PRODUCT, ORDER, EVENT, WORK, TRIP, TICKET, COMPANY, PET, RECIPE, PLACE,
           WEATHER, STUDENT, PAYMENT, CAR)
# fmt: on
