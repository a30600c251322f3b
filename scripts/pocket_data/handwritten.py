"""Descriptions written by hand, in wordings the generator does not produce, with the values to find.

For evaluation only.  Names are unseen; the fields are ordinary.  Data only.
"""

from typing import Any

STRING, INTEGER, NUMBER, BOOLEAN = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "number"},
    {"type": "boolean"},
)
STRINGS = {"type": "array", "items": STRING}


def _enum(*options: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(options)}


# fmt: off
# (text, what is asked for, properties, value)
HANDWRITTEN: tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("Ada Lovelace, 36, lives in London.", "person", {"name": STRING, "age": INTEGER, "city": STRING}, {"name": "Ada Lovelace", "age": 36, "city": "London"}),
    ("Ada Lovelace is 36 years old and lives in London.", "person", {"name": STRING, "age": INTEGER}, {"name": "Ada Lovelace", "age": 36}),
    ("Alan Turing was a mathematician from London. He was 41.", "person", {"name": STRING, "job": STRING, "age": INTEGER}, {"name": "Alan Turing", "job": "mathematician", "age": 41}),
    ("I met Tabitha Jankowski yesterday; she is 52 and works as a baker in Kraków.", "person", {"name": STRING, "age": INTEGER, "job": STRING, "city": STRING},
     {"name": "Tabitha Jankowski", "age": 52, "job": "baker", "city": "Kraków"}),
    ("My name is Gideon Oyelaran, I am 29, and you can write to me at gideon@oyelaran.net.", "contact", {"name": STRING, "age": INTEGER, "email": STRING},
     {"name": "Gideon Oyelaran", "age": 29, "email": "gideon@oyelaran.net"}),
    ("Contact: Margot Lindqvist, phone 555-8812, mail margot@lind.se", "contact", {"name": STRING, "phone": STRING, "email": STRING},
     {"name": "Margot Lindqvist", "phone": "555-8812", "email": "margot@lind.se"}),
    ("Solomon Vasquez (44) teaches in Bilbao and has 3 children.", "person", {"name": STRING, "age": INTEGER, "city": STRING, "children": INTEGER},
     {"name": "Solomon Vasquez", "age": 44, "city": "Bilbao", "children": 3}),
    ("The copper kettle costs $34.95 and weighs 1.2 kg.", "product", {"name": STRING, "price": NUMBER, "weight": NUMBER}, {"name": "copper kettle", "price": 34.95, "weight": 1.2}),
    ("We have 17 blue umbrellas left at 12.5 dollars each.", "product", {"color": STRING, "stock": INTEGER, "price": NUMBER}, {"color": "blue", "stock": 17, "price": 12.5}),
    ("New in our shop: the Zephyr lamp, made by Quillon Ltd, for only 89 euros.", "product", {"name": STRING, "brand": STRING, "price": NUMBER},
     {"name": "Zephyr lamp", "brand": "Quillon Ltd", "price": 89}),
    ("Order KX-2291 from Ophelia Blackwood has been shipped. The total was $120.75.", "order", {"order_id": STRING, "customer": STRING, "status": _enum("pending", "shipped", "delivered"), "total": NUMBER},
     {"order_id": "KX-2291", "customer": "Ophelia Blackwood", "status": "shipped", "total": 120.75}),
    ("Please send order BB-77 to 14 Harbor Road; it is a gift and contains 4 items.", "order", {"order_id": STRING, "address": STRING, "quantity": INTEGER, "gift": BOOLEAN},
     {"order_id": "BB-77", "address": "14 Harbor Road", "quantity": 4, "gift": True}),
    ("Team lunch on 2026-03-14 at 12:30 in Ghent, organized by Winifred.", "event", {"title": STRING, "date": STRING, "time": STRING, "location": STRING},
     {"title": "Team lunch", "date": "2026-03-14", "time": "12:30", "location": "Ghent"}),
    ("The Silent River is a mystery by Florence Hawthorne, published in 1987, with 312 pages.", "book", {"title": STRING, "author": STRING, "year": INTEGER, "pages": INTEGER, "genre": STRING},
     {"title": "The Silent River", "author": "Florence Hawthorne", "year": 1987, "pages": 312, "genre": "mystery"}),
    ("Flight QZ881 goes from Tallinn to Busan on 2027-01-09 and costs 640 euros.", "flight", {"flight": STRING, "from": STRING, "to": STRING, "date": STRING, "price": NUMBER},
     {"flight": "QZ881", "from": "Tallinn", "to": "Busan", "date": "2027-01-09", "price": 640}),
    ("Bug 4521: the login page is broken. High priority, assigned to Kieran Kaufmann.", "ticket", {"priority": _enum("low", "medium", "high"), "assignee": STRING},
     {"priority": "high", "assignee": "Kieran Kaufmann"}),
    ("Thornbury & Sons, founded 1911, has 240 employees and sits in Glasgow.", "company", {"name": STRING, "founded": INTEGER, "employees": INTEGER, "city": STRING},
     {"name": "Thornbury & Sons", "founded": 1911, "employees": 240, "city": "Glasgow"}),
    ("Our cat Horatio is 7 years old and weighs 4.3 kg. He is vaccinated.", "pet", {"name": STRING, "species": STRING, "age": INTEGER, "weight": NUMBER, "vaccinated": BOOLEAN},
     {"name": "Horatio", "species": "cat", "age": 7, "weight": 4.3, "vaccinated": True}),
    ("Mushroom risotto for 4 people, ready in 35 minutes. You need rice, mushroom and onion.", "recipe", {"name": STRING, "servings": INTEGER, "minutes": INTEGER, "ingredients": STRINGS},
     {"name": "Mushroom risotto", "servings": 4, "minutes": 35, "ingredients": ["rice", "mushroom", "onion"]}),
    ("In Reykjavik it is snowy today with -4 degrees.", "weather report", {"city": STRING, "condition": _enum("sunny", "rainy", "snowy"), "temperature": INTEGER},
     {"city": "Reykjavik", "condition": "snowy", "temperature": -4}),
    ("Isidora Nakamura studies chemistry and got a B with 81 points.", "student", {"name": STRING, "subject": STRING, "grade": _enum("A", "B", "C", "D"), "score": INTEGER},
     {"name": "Isidora Nakamura", "subject": "chemistry", "grade": "B", "score": 81}),
    ("Invoice RT-1009 over 512.4 EUR, issued 2025-11-02, not paid yet.", "invoice", {"invoice": STRING, "amount": NUMBER, "date": STRING, "paid": BOOLEAN},
     {"invoice": "RT-1009", "amount": 512.4, "date": "2025-11-02", "paid": False}),
    ("A red Volvo from 2014 with 98000 km, electric, for sale at 15500 euros.", "car", {"brand": STRING, "color": STRING, "year": INTEGER, "price": INTEGER},
     {"brand": "Volvo", "color": "red", "year": 2014, "price": 15500}),
    ("Flat in Antwerp, 3 rooms, 82 square meters, rent 1150 a month, pets allowed.", "apartment", {"city": STRING, "rooms": INTEGER, "area": INTEGER, "rent": INTEGER, "pets": BOOLEAN},
     {"city": "Antwerp", "rooms": 3, "area": 82, "rent": 1150, "pets": True}),
    ("Emmy Noether speaks German and English.", "person", {"name": STRING, "languages": STRINGS}, {"name": "Emmy Noether", "languages": ["German", "English"]}),
    ("Kurt Gödel, born 1906-04-28, is not married.", "person", {"name": STRING, "birth_date": STRING, "married": BOOLEAN}, {"name": "Kurt Gödel", "birth_date": "1906-04-28", "married": False}),
    ("Dear team, Rosalind joined the research department on 2024-02-01. She reports to Percival Chatterjee.", "employee", {"name": STRING, "department": _enum("sales", "research", "legal"), "start_date": STRING, "manager": STRING},
     {"name": "Rosalind", "department": "research", "start_date": "2024-02-01", "manager": "Percival Chatterjee"}),
    ("Grace Hopper lives in New York. She is a scientist.", "person", {"name": STRING, "city": STRING, "job": STRING}, {"name": "Grace Hopper", "city": "New York", "job": "scientist"}),
    ("Username: lysander_9\nEmail: lysander@post.net\nAge: 33", "user", {"username": STRING, "email": STRING, "age": INTEGER}, {"username": "lysander_9", "email": "lysander@post.net", "age": 33}),
    ("Title: Dust and Honey\nArtist: Ramona Delacroix\nYear: 2019", "album", {"title": STRING, "artist": STRING, "year": INTEGER}, {"title": "Dust and Honey", "artist": "Ramona Delacroix", "year": 2019}),
)
# fmt: on
